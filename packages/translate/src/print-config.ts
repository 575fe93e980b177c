/** @module What `--print-config` prints: what would be served, without secrets. */
import type { CommandLine } from './options.ts';
import { type ServerSpec, shownArgs, shownTarget, shownUrl } from './server-spec.ts';

const HIDDEN = '[secret]';

/** A JSON text; ends with a line feed. Values of headers and variables, and keys, are left out. */
export function printConfig(
  { translate, tls, logLevel, logFormat }: CommandLine,
  environment: NodeJS.ProcessEnv,
): string {
  const { servers, apiKeys = [], headerToEnv, ...options } = translate;
  const config = {
    mcpServers: Object.fromEntries(servers.map((spec) => [spec.name ?? 'server', printed(spec, environment)])),
    ...options,
    apiKeys: apiKeys.map(() => HIDDEN),
    headerToEnv: Object.fromEntries(headerToEnv ?? []),
    tls,
    logLevel,
    logFormat,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

function printed(spec: ServerSpec, environment: NodeJS.ProcessEnv): object {
  if ('url' in spec) return { url: shownUrl(spec.url), transport: spec.transport, headers: hidden(spec.headers) };
  if ('grpc' in spec) {
    const { tls, protos, descriptors, metadata } = spec.grpc;
    return { url: shownTarget(spec), tls, protos, descriptors, headers: hidden(metadata) };
  }
  const own = Object.entries(spec.env ?? {}).filter(([name, value]) => environment[name] !== value);
  return {
    command: spec.command,
    args: shownArgs(spec.args ?? []),
    env: Object.fromEntries(own.map(([name]) => [name, HIDDEN])),
    cwd: spec.cwd,
  };
}

function hidden(values: Readonly<Record<string, string>> = {}): object {
  return Object.fromEntries(Object.keys(values).map((name) => [name, HIDDEN]));
}
