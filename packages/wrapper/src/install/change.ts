/** @module Changes a client's configuration: shows what will change, asks where somebody can answer, keeps a backup. */
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { printable } from '../log.ts';
import type { ClientConfig } from './clients.ts';
import { setMember, UneditableError, withoutComments } from './json-edit.ts';

/** What to change. */
export interface Change {
  readonly client: ClientConfig;
  /** The server's name. */
  readonly name: string;
  /** `undefined` takes it out. */
  readonly block: object | undefined;
  readonly dryRun: boolean;
  /** Asks nothing. */
  readonly yes: boolean;
}

/** Makes the change. Returns the exit code. */
export async function applyChange({ client, name, block, dryRun, yes }: Change): Promise<number> {
  const path = targetOf(client.path);
  const before = readOr(path, '');
  let after: string;
  try {
    after = setMember(before, client.root, name, block);
  } catch (error) {
    if (!(error instanceof UneditableError)) throw error;
    process.stderr.write(`forge-wrapper: ${path} is left as it is: ${error.message}.\n`);
    return 1;
  }
  if (after === before) {
    say(block === undefined ? `${path} has no server "${name}".` : `${path} has this server already.`);
    return 0;
  }
  const secrets = [before, after].flatMap((text) => variablesOf(text, client.root, name));
  say(`${client.title}: ${path}\n${difference(before, after, secrets)}`);
  if (dryRun) return 0;
  if (!yes && process.stdin.isTTY && !(await agreed())) {
    say('Nothing was changed.');
    return 1;
  }
  const backup = write(path, before, after);
  say(`Written.${backup === undefined ? '' : ` The old file is ${backup}.`} ${client.hint}`);
  return 0;
}

/** The lines that go and come, around what stays. */
export function difference(before: string, after: string, secrets: readonly string[]): string {
  const [old, next] = [before.split('\n'), after.split('\n')];
  let head = 0;
  while (head < old.length && head < next.length && old[head] === next[head]) head += 1;
  let tail = 0;
  const most = Math.min(old.length, next.length) - head;
  while (tail < most && old.at(-1 - tail) === next.at(-1 - tail)) tail += 1;
  const lines = [
    ...old.slice(head, old.length - tail).map((line) => `- ${line}`),
    ...next.slice(head, next.length - tail).map((line) => `+ ${line}`),
  ].filter((line) => line.length > 2);
  return lines.map((line) => printable(concealed(line, secrets))).join('\n');
}

/** What a server's block hands over in its environment. */
function variablesOf(text: string, root: string, name: string): string[] {
  if (text.trim() === '') return [];
  const servers = (JSON.parse(withoutComments(text)) as Record<string, Record<string, { env?: object }> | undefined>)[
    root
  ];
  return Object.values(servers?.[name]?.env ?? {}).map(String);
}

function concealed(line: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(JSON.stringify(secret), '"[secret]"'), line);
}

function write(path: string, before: string, after: string): string | undefined {
  mkdirSync(dirname(path), { recursive: true });
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  const backup = mode === undefined ? undefined : freeName(path, before);
  if (backup !== undefined) copyFileSync(path, backup);
  const next = `${path}.${process.pid}.new`;
  try {
    writeFileSync(next, after.endsWith('\n') ? after : `${after}\n`, { mode: (mode ?? 0o600) & 0o777, flag: 'wx' });
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  }
  return backup;
}

/** A backup never replaces an older one. */
function freeName(path: string, before: string): string {
  for (let number = 0; ; number += 1) {
    const name = `${path}.backup${number === 0 ? '' : `-${number}`}`;
    const held = readOr(name, undefined);
    if (held === undefined || held === before) return name;
  }
}

async function agreed(): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await prompt.question('Write this? [Y/n] ');
  prompt.close();
  return /^(?:y(?:es)?)?$/i.test(answer.trim());
}

/** People keep their configuration elsewhere and link to it; the link must stay one. */
function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it does not exist yet
  }
}

function readOr<T>(path: string, otherwise: T): string | T {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
