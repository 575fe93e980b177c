/** @module An endpoint that is no A2A agent as one: a single tool, a request as its vendor wants it, the answer as content. */
import { createSseDecoder, ForgeError, JsonText, LATEST_MODERN, parseJson, type SseEvent } from '@forge/protocol';
import type { UpstreamRecord } from '@forge/core';
import { agentToolName } from '../a2a/skill-tools.ts';
import type { AgentCall } from '../agent-call.ts';
import { AgentFailure } from '../agent-failure.ts';
import type { Agent, AgentContext, Arguments, Found, ToolDefinition } from '../agent.ts';
import type { AgentHttp } from '../http/agent-http.ts';
import { at } from './json-pointer.ts';

/** What an endpoint answered. */
export interface ModelAnswer {
  readonly content: readonly object[];
  readonly structuredContent?: unknown;
  /** Tokens, where the endpoint counts them. */
  readonly usage?: ModelUsage | undefined;
  /** Why it stopped, in the endpoint's word. */
  readonly stopReason?: string | undefined;
  readonly isError?: boolean | undefined;
}

/** Tokens of one call. */
export interface ModelUsage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** Takes the events of one answer. */
export interface ModelStream {
  /** What one event adds to the text. @throws AgentFailure where it is an error */
  take(event: SseEvent): string | undefined;
  /** Tokens that were counted so far. */
  usage(): ModelUsage | undefined;
  /** The whole answer; `undefined` while it is not complete. */
  answer(): ModelAnswer | undefined;
}

/** How one kind of endpoint is spoken with. */
export interface ModelProtocol {
  /** `openai`, ...: for operators. */
  readonly name: string;
  /** Where calls go. */
  readonly url: URL;
  /** Something that can be asked for without effect, to see whether it is there and takes the credentials. */
  readonly probe?: URL | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly inputSchema: ToolDefinition['inputSchema'];
  /** The body of a request. @throws ForgeError `invalid_params` naming the argument */
  request(args: Arguments, stream: boolean): unknown;
  /** Reads a whole answer. @throws AgentFailure */
  read(answer: unknown): ModelAnswer;
  /** Absent: it does not stream. */
  stream?: (() => ModelStream) | undefined;
}

/** Words are put together for so long, in ms, before they are told as progress. */
const GATHER_MS = 200;

/** Makes the agent. */
export function modelAgent(
  { name, slug, description }: UpstreamRecord,
  protocol: ModelProtocol,
  http: AgentHttp,
  maxResponseBytes: number,
  { events }: Pick<AgentContext, 'events'>,
): Agent {
  const fetcher = http.within(maxResponseBytes);
  const tool: ToolDefinition = {
    name: agentToolName(slug),
    title: name,
    description: description || `Asks ${name}`,
    inputSchema: protocol.inputSchema,
    annotations: { openWorldHint: true },
  };

  async function find({ signal }: AgentCall): Promise<Found> {
    if (protocol.probe === undefined) return foundAs('Nothing was asked: any request might have an effect');
    const response = await fetcher(protocol.probe, { headers: { ...protocol.headers }, signal });
    await response.body?.cancel();
    return foundAs(`${protocol.probe.pathname} answered with HTTP ${response.status}`);
  }

  function foundAs(reason: string): Found {
    const serverInfo = JsonText.of({ name, version: '0' });
    const capabilities = JsonText.of({ tools: {} });
    const about = { serverInfo, capabilities, ttlMs: 0, cacheScope: 'private' } as const;
    const transport = `a2a ${protocol.name}`;
    return {
      info: { era: 'modern', protocolVersion: LATEST_MODERN, transport, reason, description: about },
      tools: [tool],
    };
  }

  async function call(call: AgentCall, _name: string, args: Arguments): Promise<JsonText> {
    const stream = call.wantsProgress ? protocol.stream?.() : undefined;
    const headers = {
      ...protocol.headers,
      'content-type': 'application/json',
      accept: stream ? 'text/event-stream' : 'application/json',
    };
    const body = JSON.stringify(protocol.request(args, stream !== undefined));
    const response = await fetcher(protocol.url, { method: 'POST', headers, body, signal: call.signal });
    if (!response.ok) throw refusal(response.status, await response.text());
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    if (isStream && stream) {
      try {
        return resultOf(await readStream(call, response, stream, maxResponseBytes));
      } finally {
        tell(stream.usage()); // what broke off, or was cancelled, has been paid for, too
      }
    }
    const answer = protocol.read(parsed(await response.text()));
    tell(answer.usage);
    return resultOf(answer);
  }

  function tell({ inputTokens = 0, outputTokens = 0 }: ModelUsage = {}): void {
    if (inputTokens !== 0 || outputTokens !== 0) events.used?.({ inputTokens, outputTokens });
  }

  return { find, call, close: () => http.close() };
}

async function readStream(
  call: AgentCall,
  response: Response,
  stream: ModelStream,
  maxEventLength: number,
): Promise<ModelAnswer> {
  let gathered = '';
  let toldAt = Date.now();
  const decoder = createSseDecoder(
    (event) => {
      gathered += stream.take(event) ?? '';
      if (gathered === '' || Date.now() - toldAt < GATHER_MS) return;
      call.progress(gathered);
      gathered = '';
      toldAt = Date.now();
    },
    { maxEventLength },
  );
  for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    decoder.push(chunk);
  }
  if (gathered !== '') call.progress(gathered);
  const answer = stream.answer();
  if (answer === undefined) throw new ForgeError('outcome_unknown', 'The answer broke off before its end');
  return answer;
}

function resultOf({ usage, stopReason, ...answer }: ModelAnswer): JsonText {
  const meta = { ...(usage && { 'forge/usage': usage }), ...(stopReason && { 'forge/stopReason': stopReason }) };
  return JsonText.of({
    resultType: 'complete',
    ...answer,
    ...(Object.keys(meta).length > 0 && { _meta: meta }),
  });
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new ForgeError('upstream_error', 'The answer is no JSON', { cause });
  }
}

/** What vendors say in `error.message`, others in `error` or `message`, and others in any way. */
function refusal(status: number, text: string): AgentFailure {
  const said = ['/error/message', '/error', '/message'].map((pointer) => at(jsonOf(text), pointer));
  const words = said.find((value): value is string => typeof value === 'string' && value !== '') ?? text.trim();
  return new AgentFailure(`The endpoint refused it (HTTP ${status}): ${words || 'no reason given'}`, status);
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // not JSON: the text says it
  }
}
