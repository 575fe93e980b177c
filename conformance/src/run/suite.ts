/** @module Runs the official suite, against a URL or a client, and reads what it found. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startNode } from './process.ts';

/**
 * A set of scenarios: what the suite requires for a revision, or what it has for the tasks extension, which it runs with
 * 2026-07-28 and does not score.
 */
export type ScenarioSet = Revision | 'tasks';

/** A revision whose requirements the suite has frozen. */
export type Revision = '2026-07-28' | '2025-11-25';

/** A check that failed. */
export interface FailedCheck {
  readonly id: string;
  readonly message: string;
}

/** A required scenario that did not pass, and its failing checks. */
export interface Failure {
  readonly scenario: string;
  readonly checks: readonly FailedCheck[];
}

/** How a server did on one set. */
export interface Score {
  readonly required: number;
  readonly passed: number;
  readonly failures: readonly Failure[];
}

/** Checks that cannot pass, each with the reason; their keys are `scenario:check`. */
export type ExpectedFailures = Readonly<Record<string, string>>;

/** A score beside what was expected of it. */
export interface Judgement {
  /** What failed and was not expected to. */
  readonly unexpected: readonly Failure[];
  /** Expected failures that came true. */
  readonly inherent: readonly string[];
  /** Expected failures that did not: these entries have to go. */
  readonly stale: readonly string[];
}

/** Compares a score with the failures that are expected. */
export function judge({ failures }: Score, expected: ExpectedFailures): Judgement {
  const keys = Object.keys(expected);
  const failed = new Set(failures.flatMap(({ scenario, checks }) => checks.map(({ id }) => `${scenario}:${id}`)));
  const rest = failures.map(({ scenario, checks }) => ({
    scenario,
    checks: checks.filter(({ id }) => !Object.hasOwn(expected, `${scenario}:${id}`)),
  }));
  return {
    unexpected: rest.filter(({ checks }) => checks.length > 0),
    inherent: keys.filter((key) => failed.has(key)),
    stale: keys.filter((key) => !failed.has(key)),
  };
}

interface Check {
  readonly id: string;
  readonly status: string;
  readonly description?: string;
  readonly errorMessage?: string;
}

/** A whole run takes seconds; a server that hangs on every scenario is given up here. */
const SUITE_TIMEOUT_MS = 15 * 60_000;

/** How long the suite waits for a client, and how long we wait for the suite then. */
const CLIENT_TIMEOUT_MS = 60_000;
const CLIENT_SUITE_TIMEOUT_MS = 90_000;

/** Frozen out of the sets because it came after them; it applies to both. */
const ALSO_OF_CLIENTS = ['json-schema-2020-12-preservation'];

/** Beyond this a message says nothing new. */
const MESSAGE_CHARS = 400;

const packageFolder = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'));
const CLI = join(packageFolder, 'dist', 'index.js');

/** The scenarios that a set requires of a server or a client: the items of `server:` or `client:` in its frozen YAML list. */
export function requiredScenarios(yaml: string, of: 'server' | 'client'): string[] {
  const block = new RegExp(`^${of}:\\n((?: +.*\\n|\\n)*)`, 'm').exec(yaml)?.[1] ?? '';
  return [...block.matchAll(/^ +- (\S+)$/gm)].map((match) => match[1] ?? '');
}

/** The scenarios of the tasks extension: items of `not_scored:` whose names say so. */
export function taskScenarios(yaml: string): string[] {
  return [...yaml.matchAll(/^ +- scenario: (tasks-\S+)$/gm)].map((match) => match[1] ?? '');
}

/** @throws when the set is empty: then its format has changed. */
async function readRequired(revision: Revision, choose: (yaml: string) => string[]): Promise<string[]> {
  const required = choose(await readFile(join(packageFolder, 'requirements', `${revision}.yaml`), 'utf8'));
  if (required.length === 0) throw new Error(`The suite requires nothing for ${revision}; has its format changed?`);
  return required;
}

/** The checks of one scenario that ended with one of `statuses`. */
function checksWith(statuses: readonly string[], checks: readonly Check[]): FailedCheck[] {
  return checks
    .filter(({ status }) => statuses.includes(status))
    .map(({ id, errorMessage, description }) => ({
      id,
      message: (errorMessage ?? description ?? '').slice(0, MESSAGE_CHARS),
    }));
}

const NOT_RUN: readonly FailedCheck[] = [{ id: 'run', message: 'the scenario did not run' }];

/**
 * Scores the suite's output folder, which has a folder `server-SCENARIO-TIMESTAMP` with a `checks.json` per scenario.
 * A required scenario without one did not run, which is a failure. One with a check that failed fails; warnings and
 * skips do not count.
 */
export async function readScore(outputFolder: string, required: readonly string[]): Promise<Score> {
  const folders = await readdir(outputFolder).catch(() => []);
  const failures: Failure[] = [];
  for (const scenario of required) {
    const folder = folders.find((name) => name.replace(/-\d{4}-\d{2}-\d{2}T[\d-]+Z$/, '') === `server-${scenario}`);
    const json = folder && (await readFile(join(outputFolder, folder, 'checks.json'), 'utf8').catch(() => undefined));
    const checks = json ? checksWith(['FAILURE'], JSON.parse(json) as Check[]) : NOT_RUN;
    if (checks.length > 0) failures.push({ scenario, checks });
  }
  return { required: required.length, passed: required.length - failures.length, failures };
}

/**
 * Runs every scenario of a set against `url`; the suite's own files and its log stay in `folder`.
 *
 * @throws when the suite could not run or did not end in 15 minutes, or when its exit code contradicts the score.
 */
export async function runSuite(url: string, set: ScenarioSet, folder: string): Promise<Score> {
  const revision = set === 'tasks' ? '2026-07-28' : set;
  const required = await readRequired(revision, (yaml) =>
    set === 'tasks' ? taskScenarios(yaml) : requiredScenarios(yaml, 'server'),
  );
  const output = join(folder, 'suite');
  const args = [CLI, 'server', '--url', url, '--requirements', revision, '-o', output];
  const suite = startNode(args, { name: 'suite', folder });
  const code = await suite.ended(SUITE_TIMEOUT_MS);
  if (code === null) throw new Error('The suite was stopped before it had ended');
  const score = await readScore(output, required);
  if (code !== 0 && score.failures.length === 0)
    throw new Error(`The suite ended with ${code}:\n${suite.output().trim()}`);
  return score;
}

/** The command by which the suite starts a client for one scenario, for which `folder` is there. */
export type ClientCommand = (folder: string) => string;

/**
 * Runs the client scenarios of a requirement set, but for those about OAuth, one after the other: the suite starts a
 * server and a client, and judges the client by what reaches the server. As the suite has it, a warning fails here too,
 * and so does a client that fails.
 */
export async function runClientSuite(command: ClientCommand, revision: Revision, folder: string): Promise<Score> {
  const required = await readRequired(revision, (yaml) =>
    requiredScenarios(yaml, 'client').filter((scenario) => !scenario.startsWith('auth/')),
  );
  const scenarios = [...required, ...ALSO_OF_CLIENTS];
  const failures: Failure[] = [];
  for (const scenario of scenarios) {
    const own = join(folder, scenario);
    await mkdir(own, { recursive: true });
    const checks = await runClientScenario(command(own), scenario, revision, own);
    if (checks.length > 0) failures.push({ scenario, checks });
  }
  return { required: scenarios.length, passed: scenarios.length - failures.length, failures };
}

/** What failed in one scenario. */
async function runClientScenario(command: string, scenario: string, revision: Revision, folder: string) {
  const output = join(folder, 'suite');
  const what = ['--scenario', scenario, '--spec-version', revision, '--timeout', `${CLIENT_TIMEOUT_MS}`];
  const suite = startNode([CLI, 'client', '--command', command, ...what, '-o', output], { name: 'suite', folder });
  const code = await suite.ended(CLIENT_SUITE_TIMEOUT_MS);
  if (code === 0) return [];
  const [result = ''] = await readdir(output).catch(() => []);
  const json = await readFile(join(output, result, 'checks.json'), 'utf8').catch(() => '[]');
  const failed = checksWith(['FAILURE', 'WARNING'], JSON.parse(json) as Check[]);
  return failed.length > 0 ? failed : [{ id: 'client', message: suite.output().trim().slice(-MESSAGE_CHARS) }];
}
