import { expect, it } from 'vitest';
import type { Part, StreamResponse } from '@a2a-js/sdk';
import { dataPart, textPart } from './parts.ts';
import { TaskView } from './task-view.ts';

function piece(parts: Part[], append = true): StreamResponse {
  const about = { name: '', description: '', metadata: undefined, extensions: [] };
  const artifact = { artifactId: 'a', parts, ...about };
  const value = { taskId: 't', contextId: 'c', artifact, append, lastChunk: false, metadata: undefined };
  return { payload: { $case: 'artifactUpdate', value } };
}

const contentOf = (view: TaskView) => view.result()['content'] as { readonly text: string }[];

it('joins texts that come in pieces, and begins anew where nothing is appended', () => {
  const view = new TaskView();
  const sent = piece([textPart('one')], false);
  for (const event of [sent, piece([textPart(' two'), dataPart(1)]), piece([textPart('three')])]) view.take(event);
  expect(contentOf(view).map(({ text }) => text)).toEqual(['one two', '1', 'three']);
  expect(sent).toEqual(piece([textPart('one')], false));
  view.take(piece([textPart('four')], false));
  expect(contentOf(view).map(({ text }) => text)).toEqual(['four']);
});

it('keeps all pieces where nobody says whether they belong together, and doubts that', () => {
  const view = new TaskView();
  view.take(piece([textPart('one ')], false), true);
  expect(view.isDoubtful).toBe(false);
  view.take(piece([textPart('two')], false), true);
  expect(contentOf(view).map(({ text }) => text)).toEqual(['one two']);
  expect(view.isDoubtful).toBe(true);
});

it('takes twice the time for twice the pieces, and not more', () => {
  const timeOf = (count: number): number => {
    const view = new TaskView();
    const event = piece([dataPart(1)]);
    const start = performance.now();
    for (let n = 0; n < count; n += 1) view.take(event);
    return performance.now() - start;
  };
  timeOf(5000);
  const few = Math.min(timeOf(5000), timeOf(5000), timeOf(5000));
  expect(timeOf(100_000)).toBeLessThan(few * 20 * 8);
});
