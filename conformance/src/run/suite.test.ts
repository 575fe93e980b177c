import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judge, readScore, requiredScenarios, taskScenarios } from './suite.ts';

describe('requiredScenarios', () => {
  it('reads the scenarios of one side and nothing else', () => {
    const yaml =
      '# frozen\nserver:\n  - ping\n  - tools-list\n\nclient:\n  - initialize\n\nnot_scored:\n  - scenario: x\n';
    expect(requiredScenarios(yaml, 'server')).toEqual(['ping', 'tools-list']);
    expect(requiredScenarios(yaml, 'client')).toEqual(['initialize']);
  });
});

describe('taskScenarios', () => {
  it('reads those of the extension and nothing else', () => {
    const yaml =
      'server:\n  - tasks-of-the-core\nnot_scored:\n  - scenario: x\n    leg: server\n  - scenario: tasks-y\n    leg: server\n';
    expect(taskScenarios(yaml)).toEqual(['tasks-y']);
  });
});

describe('readScore', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'forge-score-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function ran(scenario: string, ...checks: { id: string; status: string; errorMessage?: string }[]) {
    const path = join(folder, `server-${scenario}-2026-11-20T17-49-02-685Z`);
    await mkdir(path);
    await writeFile(join(path, 'checks.json'), JSON.stringify(checks));
  }

  it('passes a scenario whose checks succeed, warn or are skipped', async () => {
    await ran('ping', { id: 'a', status: 'SUCCESS' }, { id: 'b', status: 'WARNING' }, { id: 'c', status: 'SKIPPED' });
    expect(await readScore(folder, ['ping'])).toEqual({ required: 1, passed: 1, failures: [] });
  });

  it('names the failing checks of a scenario', async () => {
    await ran('ping', { id: 'a', status: 'SUCCESS' }, { id: 'b', status: 'FAILURE', errorMessage: 'no pong' });
    expect((await readScore(folder, ['ping'])).failures).toEqual([
      { scenario: 'ping', checks: [{ id: 'b', message: 'no pong' }] },
    ]);
  });

  it('fails a required scenario that did not run', async () => {
    expect(await readScore(folder, ['ping'])).toMatchObject({ required: 1, passed: 0 });
  });

  it('fails everything when the suite left no folder', async () => {
    expect(await readScore(join(folder, 'none'), ['ping', 'tools-list'])).toMatchObject({ required: 2, passed: 0 });
  });

  it('ignores scenarios that are not required', async () => {
    await ran('tasks-lifecycle', { id: 'a', status: 'FAILURE' });
    expect(await readScore(folder, [])).toEqual({ required: 0, passed: 0, failures: [] });
  });
});

describe('judge', () => {
  const failing = (...ids: string[]) => ({
    required: 9,
    passed: 8,
    failures: ids.length === 0 ? [] : [{ scenario: 's', checks: ids.map((id) => ({ id, message: 'no' })) }],
  });

  it('tells a failure that cannot be helped from one that can', () => {
    expect(judge(failing('old', 'new'), { 's:old': 'inherent' })).toEqual({
      unexpected: [{ scenario: 's', checks: [{ id: 'new', message: 'no' }] }],
      inherent: ['s:old'],
      stale: [],
    });
  });

  it('finds an expectation stale when its check passes, or is not in the set', () => {
    expect(judge(failing(), { 's:old': 'inherent' })).toEqual({ unexpected: [], inherent: [], stale: ['s:old'] });
  });
});
