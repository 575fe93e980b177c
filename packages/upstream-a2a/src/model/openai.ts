/** @module Endpoints that speak as OpenAI's chat completions do: `POST /v1/chat/completions`. Tools are off. */
import { parseJson } from '@forge/protocol';
import { AgentFailure } from '../agent-failure.ts';
import type { ConfigOf } from '../config.ts';
import { type ModelImage, MODEL_SCHEMA, readPrompt } from './model-arguments.ts';
import type { ModelAnswer, ModelProtocol, ModelStream, ModelUsage } from './model-agent.ts';

interface Choice {
  readonly message?: { readonly content?: string | null; readonly refusal?: string | null };
  readonly delta?: { readonly content?: string | null; readonly refusal?: string | null };
  readonly finish_reason?: string | null;
}

interface Completion {
  readonly choices?: readonly Choice[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
  readonly error?: { readonly message?: string };
}

/** @param url of the endpoint, or what stands before `/chat/completions` in it */
export function openAi(url: URL, config: ConfigOf<'openai'>): ModelProtocol {
  const { model, system, parameters, streaming } = config;
  const endpoint = endpointAt(url);
  return {
    name: 'openai',
    url: endpoint,
    probe: new URL(endpoint.href.replace(/\/chat\/completions(?=[?]|$)/, '/models')),
    inputSchema: MODEL_SCHEMA,
    request(args, stream) {
      const { query, images } = readPrompt(args);
      const content = images.length === 0 ? query : [{ type: 'text', text: query }, ...images.map(imagePart)];
      const messages = [
        ...(system === undefined ? [] : [{ role: 'system', content: system }]),
        { role: 'user', content },
      ];
      const streamed = stream ? { stream: true, stream_options: { include_usage: true } } : {};
      return { ...parameters, model, messages, ...streamed };
    },
    read(answer) {
      const { choices, usage } = answer as Completion;
      const [choice] = choices ?? [];
      if (choice?.message === undefined) throw new AgentFailure('The endpoint answered without a message');
      const { content, refusal } = choice.message;
      return answerOf(content ?? '', refusal ?? '', choice.finish_reason ?? undefined, usageOf(usage));
    },
    stream: streaming ? openAiStream : undefined,
  };
}

function openAiStream(): ModelStream {
  let text = '';
  let refusal = '';
  let stopReason: string | undefined;
  let usage: ModelUsage | undefined;
  let isOver = false;
  return {
    take({ data }) {
      if (data === '[DONE]') isOver = true;
      if (data === '' || data === '[DONE]') return undefined;
      const { choices = [], usage: counted, error } = parseJson(data) as Completion;
      if (error) throw new AgentFailure(`The endpoint failed: ${error.message ?? 'no reason given'}`);
      usage = usageOf(counted) ?? usage;
      const [choice] = choices;
      stopReason = choice?.finish_reason ?? stopReason;
      refusal += choice?.delta?.refusal ?? '';
      const piece = choice?.delta?.content ?? '';
      text += piece;
      return piece;
    },
    usage: () => usage,
    answer: () => (isOver || stopReason !== undefined ? answerOf(text, refusal, stopReason, usage) : undefined),
  };
}

function answerOf(text: string, refusal: string, stopReason: string | undefined, usage?: ModelUsage): ModelAnswer {
  const isError = refusal !== '';
  return {
    content: [{ type: 'text', text: isError ? refusal : text }],
    stopReason,
    usage,
    ...(isError && { isError }),
  };
}

function usageOf(usage: Completion['usage']): ModelUsage | undefined {
  return usage ? { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } : undefined;
}

function imagePart(image: ModelImage): object {
  const url = 'url' in image ? image.url : `data:${image.mimeType};base64,${image.data}`;
  return { type: 'image_url', image_url: { url } };
}

function endpointAt(url: URL): URL {
  const path = url.pathname.replace(/\/+$/, '');
  const endpoint = new URL(url);
  endpoint.pathname = path.endsWith('/chat/completions') ? path : `${path === '' ? '/v1' : path}/chat/completions`;
  return endpoint;
}
