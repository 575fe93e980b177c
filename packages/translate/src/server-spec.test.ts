import { expect, it } from 'vitest';
import { shown } from './server-spec.ts';

it.each([
  [['server', '--repository', '/my repo'], 'x server --repository /my repo'],
  [['--token', 'abc', '--verbose'], 'x --token [secret] --verbose'],
  [['--api-key=abc', 'PASSWORD=abc', 'MODE=fast'], 'x --api-key=[secret] PASSWORD=[secret] MODE=fast'],
  [['ghp_0123456789abcdefghij', '--env=sk-0123456789abcdefghij'], 'x [secret] --env=[secret]'],
  [['--header', 'Authorization: Bearer abc'], 'x --header [secret]'],
  [['postgres://ada:abc@host/db?password=abc'], 'x postgres://ada:***@host/db?...'],
  [['C:\\path\\server.js'], 'x C:\\path\\server.js'],
])('%j is shown as %s', (args, text) => {
  expect(shown({ command: 'x', args })).toBe(text);
});

it('a remote address is shown without what opens it', () => {
  expect(shown({ url: 'https://ada:abc@example.com/mcp?key=abc' })).toBe('https://ada:***@example.com/mcp?...');
});
