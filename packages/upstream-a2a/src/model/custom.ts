/** @module Any endpoint that takes and gives JSON: a template makes the request, a pointer finds the answer. */
import { ForgeError } from '@forge/protocol';
import { AgentFailure } from '../agent-failure.ts';
import type { Arguments } from '../agent.ts';
import type { ConfigOf } from '../config.ts';
import { at } from './json-pointer.ts';
import type { ModelProtocol } from './model-agent.ts';

/** What ContextForge sends to agents of a type that it does not know. */
const DEFAULT_REQUEST = { interaction_type: 'query', parameters: { query: '{{query}}' }, protocol_version: '1.0' };

const PLACE = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;
const ONLY_PLACE = /^\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}$/;

/** Calls go to `url` itself. */
export function custom(url: URL, { request = DEFAULT_REQUEST, answer }: ConfigOf<'custom'>): ModelProtocol {
  const names = [...new Set([...JSON.stringify(request).matchAll(PLACE)].map(([, name = '']) => name))];
  const properties = Object.fromEntries(names.map((name) => [name, name === 'query' ? { type: 'string' } : {}]));
  const required = names.filter((name) => name === 'query');
  return {
    name: 'custom',
    url,
    inputSchema: { type: 'object', properties, ...(required.length > 0 && { required }) },
    request(args) {
      if (required.length > 0 && typeof args['query'] !== 'string') {
        throw new ForgeError('invalid_params', 'query: must be a text');
      }
      return fill(request, args);
    },
    read(body) {
      const found = at(body, answer);
      if (found === undefined) throw new AgentFailure(`The answer has nothing at "${answer}"`);
      if (typeof found === 'string') return { content: [{ type: 'text', text: found }] };
      return { content: [{ type: 'text', text: JSON.stringify(found) }], structuredContent: found };
    },
  };
}

/** A template with arguments in its places; what is not given is empty. Keys are as they stand. */
export function fill(template: unknown, args: Arguments): unknown {
  const valueOf = (name: string): unknown => (Object.hasOwn(args, name) ? args[name] : undefined);
  if (typeof template === 'string') {
    const [, only] = ONLY_PLACE.exec(template) ?? [];
    if (only !== undefined) return valueOf(only) ?? null;
    return template.replaceAll(PLACE, (_, name: string) => textOf(valueOf(name)));
  }
  if (Array.isArray(template)) return template.map((item) => fill(item, args));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fill(value, args)]));
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
