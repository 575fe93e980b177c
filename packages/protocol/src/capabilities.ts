/** @module What declared capabilities allow: which changes a server tells of, and what a client may be asked. */
import type { ListenFilter } from './endpoint.ts';
import type { Ask } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { declaresTasks } from './tasks.ts';

/**
 * The extensions that pass through Forge: MCP Apps, which is metadata of tools and resources besides, and older than the
 * modern era, so that clients and servers of both declare it.
 */
const PASSING_EXTENSIONS: readonly string[] = ['io.modelcontextprotocol/ui'];

/**
 * What Forge declares for itself. Some servers show their user interfaces only to clients that declare to have them; what
 * is listed to Forge is listed to its clients, and those without one find text in every result.
 */
export const OWN_CAPABILITIES = new JsonText(
  '{"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]}}}',
);

/** A server's extensions that pass through Forge, as JSON text by name. */
export function passingExtensions(capabilities: JsonText): Readonly<Record<string, string>> {
  const declared = capabilities.member('extensions');
  return Object.fromEntries(
    PASSING_EXTENSIONS.flatMap((name) => {
      const settings = declared?.member(name);
      return settings?.isObject === true ? [[name, settings.text]] : [];
    }),
  );
}

/** What a server tells of by itself. */
export interface Offers {
  readonly tools: boolean;
  readonly prompts: boolean;
  readonly resources: boolean;
  /** Single resources can be watched. */
  readonly subscribe: boolean;
  /** Single tasks can be watched. */
  readonly tasks: boolean;
}

/** Reads server capabilities. */
export function offersOf(capabilities: JsonText): Offers {
  const says = (capability: string, member: string) => capabilities.member(capability)?.member(member)?.text === 'true';
  return {
    tools: says('tools', 'listChanged'),
    prompts: says('prompts', 'listChanged'),
    resources: says('resources', 'listChanged'),
    subscribe: says('resources', 'subscribe'),
    tasks: declaresTasks(capabilities),
  };
}

/** The part of a filter that the server offers; what it does not is left out, and so is `false`. */
export function honoured(wanted: ListenFilter, offers: Offers): ListenFilter {
  return {
    ...(wanted.toolsListChanged === true && offers.tools && { toolsListChanged: true }),
    ...(wanted.promptsListChanged === true && offers.prompts && { promptsListChanged: true }),
    ...(wanted.resourcesListChanged === true && offers.resources && { resourcesListChanged: true }),
    ...(wanted.resourceSubscriptions && offers.subscribe && { resourceSubscriptions: wanted.resourceSubscriptions }),
    ...(wanted.taskIds && offers.tasks && { taskIds: wanted.taskIds }),
  };
}

/** The client capability that lets a server send a request; `ping` needs none. */
const NEEDED: ReadonlyMap<string, string> = new Map([
  ['elicitation/create', 'elicitation'],
  ['sampling/createMessage', 'sampling'],
  ['roots/list', 'roots'],
]);

/** Whether a client can be asked anything but whether it is there. */
export function isAskable(capabilities: JsonText): boolean {
  return [...NEEDED.values()].some((name) => capabilities.member(name)?.isObject === true);
}

/** `ClientCapabilities` that a question needs and the client did not declare; `undefined` when it may be asked. */
export function missingToAsk(
  capabilities: JsonText,
  { method, params }: Ask,
): Readonly<Record<string, Readonly<Record<string, object>>>> | undefined {
  const name = NEEDED.get(method);
  if (name === undefined) return undefined;
  const declared = capabilities.member(name);
  if (name !== 'elicitation') return declared?.isObject === true ? undefined : { [name]: {} };
  // `{}` means forms alone (2025-11-25, Elicitation, Capabilities).
  const mode = params?.member('mode')?.value === 'url' ? 'url' : 'form';
  if (declared?.isObject !== true) return { elicitation: mode === 'form' ? {} : { [mode]: {} } };
  const modes = declared.names();
  const isDeclared = modes.includes(mode) || (mode === 'form' && !modes.includes('url'));
  return isDeclared ? undefined : { elicitation: { [mode]: {} } };
}

/** Why a client with these capabilities must not be asked this; `undefined` when it may be. */
export function refusalToAsk(capabilities: JsonText, ask: Ask): string | undefined {
  if (ask.method === 'ping') return undefined;
  const name = NEEDED.get(ask.method);
  if (name === undefined) return `A client cannot be asked for ${ask.method.slice(0, 100)}`;
  const missing = missingToAsk(capabilities, ask);
  if (missing === undefined) return undefined;
  const mode = capabilities.member(name)?.isObject === true ? Object.keys(missing[name] ?? {})[0] : undefined;
  return `The client did not declare the capability "${mode === undefined ? name : `${name}.${mode}`}"`;
}
