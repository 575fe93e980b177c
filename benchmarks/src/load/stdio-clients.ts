/** @module Clients of a program that is launched for them: all on its one stdin and stdout, in one session. */
import type { Writable } from 'node:stream';
import { launch } from '../launch.ts';
import { readLines } from '../lines.ts';
import { check, type Clients, type Lane, laneOf, request, type Step } from './clients.ts';
import type { Program } from './job.ts';
import { DISCOVER, FIRST_ID, INITIALIZE, INITIALIZED_LINE, lineTemplate } from './request.ts';
import type { Response } from './response-reader.ts';

const START_MS = 30_000;
/** How long it may take to end once its stdin has. */
const END_MS = 5000;
const KEPT_CHARS = 4000;
/** An id stands at the beginning of a message or, with some, at its end. */
const ID = Buffer.from('"id":');
const ID_DIGITS = String(FIRST_ID).length;
const BEGINNING = 64;

/** Launches `program` and introduces itself; `count` lanes share it. @throws when it is not answered. */
export async function openStdioClients({ era, command, args, env }: Program, count: number): Promise<Clients> {
  const ending = { ask: () => child.stdin?.end(), withinMs: END_MS };
  const { process: child, ended, stop } = launch(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] }, ending);
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error('unreachable');
  let said = '';
  stderr.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(-KEPT_CHARS)));
  const lanes = Array.from({ length: count }, () => new StdioLane(stdin));
  const fail = (why: string) => {
    for (const lane of lanes) lane.fail(new Error(`${why}:\n${said.trim() || '(nothing said)'}`));
  };
  readLines(stdout, (line) => {
    const lane = lanes[laneOf(idIn(line))];
    if (lane === undefined) fail(`Not an answer that was asked for: ${line.subarray(0, 500).toString()}`);
    else lane.receive(line);
  });
  stdin.on('error', (error) => fail(`It does not read: ${error.message}`));
  void ended.then(() => fail('The program ended'));
  const timer = setTimeout(() => fail(`No answer within ${START_MS / 1000} s`), START_MS);
  try {
    const [first] = lanes;
    if (first === undefined) throw new Error('A job needs a lane');
    const { before, after } = lineTemplate(era, era === 'modern' ? DISCOVER : INITIALIZE);
    check(await request(first, before + FIRST_ID + after), FIRST_ID);
    if (era === 'legacy') stdin.write(INITIALIZED_LINE);
    return {
      pid: child.pid ?? 0,
      lanes,
      template: (_, call) => lineTemplate(era, call),
      leave: async () => {}, // its session ends with it
      close: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** How long a program takes from its launch to its first answer. */
export async function startOf(program: Program): Promise<number> {
  const launchedAt = performance.now();
  const { close } = await openStdioClients(program, 1);
  const answeredAt = performance.now();
  await close();
  return answeredAt - launchedAt;
}

/** One of those who take turns on a stdin. */
class StdioLane implements Lane {
  capture = false;
  readonly #stdin: Writable;
  #onResponse: (response: Response) => void = () => {};
  #onFailure: (error: Error) => void = () => {};

  constructor(stdin: Writable) {
    this.#stdin = stdin;
  }

  receive(line: Buffer): void {
    // Lines are read out of chunks that nobody else writes to, so a body may be kept as it is.
    this.#onResponse({ status: 200, head: '', bodyBytes: line.length, body: this.capture ? line : undefined });
  }

  fail(error: Error): void {
    this.#onFailure(error);
  }

  loop(step: Step): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (previous: Response | undefined) => {
        try {
          const text = step(previous);
          if (text === undefined) resolve();
          else this.#stdin.write(text, 'latin1');
        } catch (error) {
          reject(error);
        }
      };
      this.#onFailure = reject;
      this.#onResponse = go;
      go(undefined);
    });
  }
}

function idIn(line: Buffer): number {
  const early = line.subarray(0, BEGINNING).indexOf(ID);
  const at = (early >= 0 ? early : line.lastIndexOf(ID)) + ID.length;
  return Number(line.toString('latin1', at, at + ID_DIGITS));
}
