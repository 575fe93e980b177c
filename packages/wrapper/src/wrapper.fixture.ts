/** @module `forge-wrapper` as a process of its own, and a client that writes lines to it; for tests. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The committed entry; it loads what was built. */
export const BIN = fileURLToPath(new URL('../bin/forge-wrapper.js', import.meta.url));

/** One JSON-RPC message, read loosely. */
export interface Message {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: { readonly code?: string } };
}

/** A running wrapper. */
export class TestWrapper {
  readonly child: ChildProcessWithoutNullStreams;
  readonly messages: Message[] = [];
  /** Resolves with the exit code when everything it wrote has been read. */
  readonly exit: Promise<number | null>;
  stderr = '';
  #rest = '';
  #waiters: (() => void)[] = [];
  #lastId = 0;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { PATH = '' } = process.env;
    const home = { HOME: folder(), PATH };
    this.child = spawn(process.execPath, [BIN, ...args], { env: { ...home, ...env }, stdio: 'pipe' });
    this.child.stdin.on('error', () => undefined); // it may have ended
    this.child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    this.child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.stderr += chunk;
      this.#wake();
    });
    this.exit = once(this.child, 'close').then(([code]) => {
      this.#wake();
      return code as number | null;
    });
    onTestFinished(() => void this.child.kill('SIGKILL'));
  }

  /** Writes a request; its id. */
  write(method: string, params?: object): number {
    this.#lastId += 1;
    this.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: this.#lastId, method, params })}\n`);
    return this.#lastId;
  }

  /** Writes a call of a tool; its id. */
  call(name: string, args: object = {}): number {
    return this.write('tools/call', { name, arguments: args });
  }

  /** A request, and its answer. */
  async request(method: string, params?: object): Promise<Message> {
    return this.answer(this.write(method, params));
  }

  /** What a tool said, or the error's message. */
  async said(name: string, args: object = {}): Promise<string> {
    const { result, error } = await this.answer(this.call(name, args));
    const content = (result?.['content'] ?? []) as { text: string }[];
    return error?.message ?? content[0]?.text ?? '';
  }

  /** Waits for the answer to a request. */
  answer(id: number): Promise<Message> {
    return this.until(() => this.messages.find((message) => message.id === id && message.method === undefined));
  }

  /** Opens a session as a legacy client does. */
  async initialize(capabilities: object = {}): Promise<Message> {
    const answer = await this.request('initialize', {
      protocolVersion: '2025-06-18',
      capabilities,
      clientInfo: { name: 'test', version: '0' },
    });
    this.child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return answer;
  }

  /** Waits until something it wrote makes this true. @throws when it ends before that */
  async until<T>(found: () => T | undefined | false): Promise<T> {
    for (;;) {
      const value = found();
      if (value !== undefined && value !== false) return value;
      if (this.child.exitCode !== null) throw new Error(`It has ended (${this.child.exitCode}): ${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.messages.push(JSON.parse(line) as Message);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

/** A folder that goes with the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'forge-wrapper-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Params of a modern client's request. */
export function modern(params: object = {}): object {
  const prefix = 'io.modelcontextprotocol/';
  return { ...params, _meta: { [`${prefix}protocolVersion`]: '2026-07-28', [`${prefix}clientCapabilities`]: {} } };
}
