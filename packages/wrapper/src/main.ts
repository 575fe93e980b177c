/** @module `forge-wrapper`: finds the command, runs it, says in a sentence what went wrong. */
import { didYouMean, runCommand } from '@forge/cli';
import { command } from './options.ts';

type Run = (argv: readonly string[]) => Promise<number>;

/** Loaded only when they are wanted: a desktop client waits for the start. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly run: Run }>>> = {
  doctor: () => import('./doctor/run.ts'),
  install: () => import('./install/run.ts'),
  uninstall: () => import('./install/run-uninstall.ts'),
};

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const [name = '', ...rest] = argv;
  try {
    if (name === '' || name.startsWith('-')) return await serving(argv);
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (load !== undefined) return await (await load()).run(rest);
    say(`There is no command "${name}".${didYouMean(name, Object.keys(COMMANDS))}\nSee forge-wrapper --help.`);
    return 2;
  } catch (error) {
    const { name: kind, message, stack } = error as Error;
    say(kind === 'ForgeError' ? message : (stack ?? message));
    return 1;
  }
}

function serving(argv: readonly string[]): Promise<number> {
  return runCommand(command, argv, async (values) => {
    if (values.version === true) {
      const { packageVersion } = await import('./version.ts');
      process.stdout.write(`forge-wrapper ${packageVersion()}, Node ${process.versions.node}\n`);
      return 0;
    }
    const { readSettings } = await import('./settings.ts');
    const settings = readSettings(values, process.env);
    const { serve } = await import('./serve.ts');
    await serve(settings);
    return process.exit(0); // a connection that is half open must not keep it alive
  });
}

function say(message: string): void {
  process.stderr.write(`forge-wrapper: ${message}\n`);
}
