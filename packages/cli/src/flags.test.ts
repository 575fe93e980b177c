import { describe, expect, it } from 'vitest';
import { type Command, parseFlags, UsageError } from './flags.ts';
import { helpText } from './help.ts';

const command = {
  name: 'demo',
  summary: 'Shows how flags are parsed.',
  flags: {
    port: { type: 'integer', short: 'p', range: [0, 65_535], help: 'Port.' },
    host: { type: 'string', value: 'HOST', help: 'Address.' },
    'expose-sse': { type: 'boolean', help: 'Serve /sse.' },
    cors: { type: 'string', many: true, value: 'ORIGIN', help: 'Origins.' },
    level: { type: 'string', choices: ['info', 'error'], help: 'Level.' },
  },
  rest: 'COMMAND [ARG...]',
  examples: [['Listen on any port', 'demo --port 0']],
} as const satisfies Command;

const parse = (...argv: string[]) => parseFlags(command, argv);

describe('flags', () => {
  it('come back typed, in long, short and inline form', () => {
    expect(parse('-p', '8000', '--host=::1', '--expose-sse').values).toEqual({
      port: 8000,
      host: '::1',
      'expose-sse': true,
    });
  });

  it('of many values take the words behind them and may be repeated', () => {
    expect(parse('--cors', 'http://a', 'http://b', '--port', '1', '--cors', 'http://c').values).toEqual({
      cors: ['http://a', 'http://b', 'http://c'],
      port: 1,
    });
  });

  it('leave what follows -- alone', () => {
    expect(parse('--port', '1', '--', 'npx', '--port', '2').rest).toEqual(['npx', '--port', '2']);
  });

  it('may come after words that the command wants', () => {
    const copy = { ...command, name: 'copy', operands: ['FROM', 'TO'] };
    expect(parseFlags(copy, ['a', 'b', '--port', '1'])).toMatchObject({ operands: ['a', 'b'], values: { port: 1 } });
    expect(() => parseFlags(copy, ['a', '--port', '1', 'b'])).toThrow('copy does not take "b".');
    expect(() => parseFlags(copy, ['a'])).toThrow('TO is missing; it stands before all flags.');
    expect(() => parseFlags(copy, ['a', 'b', 'c'])).toThrow('copy does not take "c".');
    expect(parseFlags(copy, ['--help']).help).toBe(true);
    expect(helpText(copy)).toContain('Usage: copy FROM TO [flags]');
  });

  it.each([
    [['--expose-see'], 'There is no flag --expose-see. Did you mean --expose-sse?'],
    [['--exposesse'], 'There is no flag --exposesse. Did you mean --expose-sse?'],
    [['--nonsense'], 'There is no flag --nonsense.'],
    [['--__proto__'], 'There is no flag --__proto__.'],
    [['-x'], 'There is no flag -x.'],
    [['--port'], '--port needs a value.'],
    [['--port', '--host'], '--port needs a value but is followed by --host. Write --port=--host if you mean that.'],
    [['--port', '70000'], '--port must be a whole number from 0 to 65535, not "70000".'],
    [['--port', '-1'], '--port must be a whole number from 0 to 65535, not "-1".'],
    [['--port', '80a'], '--port must be a whole number from 0 to 65535, not "80a".'],
    [['--expose-sse=1'], '--expose-sse takes no value.'],
    [['--level', 'loud'], '--level must be one of info, error, not "loud".'],
    [['start'], 'demo does not take "start".'],
  ])('%j: %s', (argv, message) => {
    expect(() => parse(...argv)).toThrow(new UsageError(message));
  });

  it('are explained by the help text, each in one line', () => {
    expect(parse('-h').help).toBe(true);
    expect(helpText(command)).toBe(`Shows how flags are parsed.

Usage: demo [flags] [-- COMMAND [ARG...]]

  -p, --port N          Port.
      --host HOST       Address.
      --expose-sse      Serve /sse.
      --cors ORIGIN...  Origins.
      --level TEXT      Level.
  -h, --help            Show this help.

Examples:
  # Listen on any port
  demo --port 0
`);
  });

  it('of a group stand together under its heading, before those of none', () => {
    const flags = {
      version: { type: 'boolean', help: 'Print the version.' },
      url: { type: 'string', help: 'Where.', group: 'Server' },
      ca: { type: 'string', help: 'Whom to trust.', group: 'Network' },
      era: { type: 'string', help: 'How.', group: 'Server' },
    } as const;
    expect(helpText({ ...command, flags })).toContain(`
Server:
      --url TEXT  Where.
      --era TEXT  How.

Network:
      --ca TEXT   Whom to trust.

      --version   Print the version.
  -h, --help      Show this help.
`);
  });
});
