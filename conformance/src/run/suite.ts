/** @module Runs the official suite against one URL and reads what it found. */
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startNode } from './process.js';

/**
 * A set of scenarios: what the suite requires for a revision, or what it has for the tasks extension, which it runs with
 * 2026-07-28 and does not score.
 */
export type ScenarioSet = '2026-07-28' | '2025-11-25' | 'tasks';

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

/** Beyond this a message says nothing new. */
const MESSAGE_CHARS = 400;

const packageFolder = dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'));

/** The scenarios that a set requires of a server: the items of `server:` in its frozen YAML list. */
export function requiredScenarios(yaml: string): string[] {
  const block = /^server:\n((?: +.*\n|\n)*)/m.exec(yaml)?.[1] ?? '';
  return [...block.matchAll(/^ +- (\S+)$/gm)].map((match) => match[1] ?? '');
}

/** The scenarios of the tasks extension: items of `not_scored:` whose names say so. */
export function taskScenarios(yaml: string): string[] {
  return [...yaml.matchAll(/^ +- scenario: (tasks-\S+)$/gm)].map((match) => match[1] ?? '');
}

/** The checks of one scenario that failed. A scenario without one passes; warnings and skips do not count. */
function failedChecks(checks: readonly Check[]): FailedCheck[] {
  return checks
    .filter((check) => check.status === 'FAILURE')
    .map(({ id, errorMessage, description }) => ({
      id,
      message: (errorMessage ?? description ?? '').slice(0, MESSAGE_CHARS),
    }));
}

const NOT_RUN: readonly FailedCheck[] = [{ id: 'run', message: 'the scenario did not run' }];

/**
 * Scores the suite's output folder, which has a folder `server-SCENARIO-TIMESTAMP` with a `checks.json` per scenario.
 * A required scenario without one did not run, which is a failure.
 */
export async function readScore(outputFolder: string, required: readonly string[]): Promise<Score> {
  const folders = await readdir(outputFolder).catch(() => []);
  const failures: Failure[] = [];
  for (const scenario of required) {
    const folder = folders.find((name) => name.replace(/-\d{4}-\d{2}-\d{2}T[\d-]+Z$/, '') === `server-${scenario}`);
    const json = folder && (await readFile(join(outputFolder, folder, 'checks.json'), 'utf8').catch(() => undefined));
    const checks = json ? failedChecks(JSON.parse(json) as Check[]) : NOT_RUN;
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
  const yaml = await readFile(join(packageFolder, 'requirements', `${revision}.yaml`), 'utf8');
  const required = set === 'tasks' ? taskScenarios(yaml) : requiredScenarios(yaml);
  const output = join(folder, 'suite');
  const cli = join(packageFolder, 'dist', 'index.js');
  const args = [cli, 'server', '--url', url, '--requirements', revision, '-o', output];
  const suite = startNode(args, { name: 'suite', folder });
  const code = await suite.ended(SUITE_TIMEOUT_MS);
  if (code === null) throw new Error('The suite was stopped before it had ended');
  const score = await readScore(output, required);
  if (required.length === 0) throw new Error(`The suite requires nothing for ${set}; has its format changed?`);
  if (code !== 0 && score.failures.length === 0)
    throw new Error(`The suite ended with ${code}:\n${suite.output().trim()}`);
  return score;
}
