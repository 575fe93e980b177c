/** @module Endpoints that speak as Anthropic's messages do: `POST /v1/messages`. Tools are off. */
import { parseJson } from '@forge/protocol';
import { AgentFailure } from '../agent-failure.ts';
import type { ConfigOf } from '../config.ts';
import { type ModelImage, MODEL_SCHEMA, readPrompt } from './model-arguments.ts';
import type { ModelAnswer, ModelProtocol, ModelStream, ModelUsage } from './model-agent.ts';

interface Usage {
  readonly input_tokens?: number;
  readonly cache_creation_input_tokens?: number | null;
  readonly cache_read_input_tokens?: number | null;
  readonly output_tokens?: number;
}

interface Answer {
  readonly content?: readonly { readonly type?: string; readonly text?: string }[];
  readonly stop_reason?: string | null;
  readonly usage?: Usage;
}

/** One event of a stream; which members it has depends on its type. */
interface Event {
  readonly type?: string;
  readonly message?: { readonly usage?: Usage };
  readonly delta?: { readonly type?: string; readonly text?: string; readonly stop_reason?: string | null };
  readonly usage?: Usage;
  readonly error?: { readonly message?: string };
}

/** @param url of the endpoint, or what stands before `/messages` in it */
export function anthropic(url: URL, config: ConfigOf<'anthropic'>): ModelProtocol {
  const { model, system, maxTokens, parameters, streaming, version } = config;
  const endpoint = endpointAt(url);
  return {
    name: 'anthropic',
    url: endpoint,
    probe: new URL(endpoint.href.replace(/\/messages(?=[?]|$)/, '/models')),
    headers: { 'anthropic-version': version },
    inputSchema: MODEL_SCHEMA,
    request(args, stream) {
      const { query, images } = readPrompt(args);
      const content = images.length === 0 ? query : [...images.map(imageBlock), { type: 'text', text: query }];
      const messages = [{ role: 'user', content }];
      const first = system === undefined ? {} : { system };
      return { max_tokens: maxTokens, ...parameters, model, ...first, messages, ...(stream && { stream }) };
    },
    read(answer) {
      const { content, stop_reason: stopReason, usage = {} } = answer as Answer;
      if (!Array.isArray(content)) throw new AgentFailure('The endpoint answered without content');
      const text = (content as NonNullable<Answer['content']>).map((block) => block.text ?? '').join('');
      return answerOf(text, stopReason ?? undefined, usage);
    },
    stream: streaming ? anthropicStream : undefined,
  };
}

function anthropicStream(): ModelStream {
  let text = '';
  let stopReason: string | undefined;
  let usage: Usage = {};
  let isOver = false;
  return {
    take({ data }) {
      if (data === '') return undefined;
      const event = parseJson(data) as Event;
      switch (event.type) {
        case 'message_start':
          usage = { ...usage, ...event.message?.usage };
          return undefined;
        case 'content_block_delta': {
          const piece = event.delta?.type === 'text_delta' ? (event.delta.text ?? '') : '';
          text += piece;
          return piece;
        }
        case 'message_delta':
          usage = { ...usage, ...event.usage };
          stopReason = event.delta?.stop_reason ?? stopReason;
          return undefined;
        case 'message_stop':
          isOver = true;
          return undefined;
        case 'error':
          throw new AgentFailure(`The endpoint failed: ${event.error?.message ?? 'no reason given'}`);
        default:
          return undefined; // new kinds of events may come at any time
      }
    },
    usage: () => usageOf(usage),
    answer: () => (isOver ? answerOf(text, stopReason, usage) : undefined),
  };
}

function answerOf(text: string, stopReason: string | undefined, usage: Usage): ModelAnswer {
  return {
    content: [{ type: 'text', text }],
    stopReason,
    usage: usageOf(usage),
    ...(stopReason === 'refusal' && { isError: true }),
  };
}

/** What went through the vendor's cache is counted apart there, and is input all the same. */
function usageOf(usage: Usage): ModelUsage {
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens: outputTokens } = usage;
  const input = [input_tokens, cache_creation_input_tokens, cache_read_input_tokens].filter(
    (tokens) => typeof tokens === 'number',
  );
  return { inputTokens: input.length === 0 ? undefined : input.reduce((sum, tokens) => sum + tokens), outputTokens };
}

function imageBlock(image: ModelImage): object {
  if ('url' in image) return { type: 'image', source: { type: 'url', url: image.url } };
  return { type: 'image', source: { type: 'base64', media_type: image.mimeType, data: image.data } };
}

function endpointAt(url: URL): URL {
  const path = url.pathname.replace(/\/+$/, '');
  const endpoint = new URL(url);
  endpoint.pathname = path.endsWith('/messages') ? path : `${path === '' ? '/v1' : path}/messages`;
  return endpoint;
}
