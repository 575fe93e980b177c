/** @module The configuration of a gRPC upstream: what its record says, checked. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { UpstreamRecord } from '@forge/core';
import { ForgeError } from '@forge/protocol';
import type { GrpcUpstreamOptions, TlsOptions } from './grpc-upstream.ts';
import { checkHeaders } from './headers.ts';

/** `config` of an upstream with the transport `grpc`. */
export interface GrpcConfig {
  /** Full names of the services that are wanted. @default all but those for machinery */
  readonly services?: readonly string[];
  /** A `FileDescriptorSet` in base64, instead of asking the server. */
  readonly descriptorSet?: string;
  /** Texts of `.proto` files by their names, instead of asking the server. */
  readonly protoFiles?: Readonly<Record<string, string>>;
  /** For `grpcs`. The first three name secrets, which are PEM texts. */
  readonly tls?: {
    /** Authorities to trust. @default those that Node trusts */
    readonly caFrom?: string;
    readonly certFrom?: string;
    readonly keyFrom?: string;
    /** The name that the server's certificate must have. @default the host */
    readonly serverName?: string;
  };
  /** Of requests. @default 'none' */
  readonly compression?: 'none' | 'gzip';
  /** Bytes of one message at most. @default 4194304 */
  readonly maxMessageBytes?: number;
  /** Silence in ms, during calls, after which the server is pinged. @default 300000 */
  readonly keepaliveMs?: number;
}

interface Rule {
  accepts(value: unknown): boolean;
  readonly must: string;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** What reads them takes longer than in proportion. */
const MAX_PROTO_LENGTH = 4_194_304;
const areTexts = (values: readonly unknown[]): boolean =>
  values.length > 0 &&
  values.every((value) => isText(value)) &&
  values.reduce<number>((sum, value) => sum + String(value).length, 0) <= MAX_PROTO_LENGTH;
const between = (least: number, most: number): Rule => ({
  accepts: (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
  must: `must be an integer from ${least} to ${most}`,
});
const text: Rule = { accepts: isText, must: 'must be a string' };

const RULES: Readonly<Record<keyof GrpcConfig, Rule>> = {
  services: {
    accepts: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
    must: 'must be a list of full names such as "helloworld.Greeter"',
  },
  descriptorSet: {
    accepts: (value) => isText(value) && /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(String(value)),
    must: 'must be a FileDescriptorSet in base64',
  },
  protoFiles: {
    accepts: (value) => isObject(value) && areTexts(Object.values(value)),
    must: `must be an object of texts by file names, ${MAX_PROTO_LENGTH} characters at most`,
  },
  tls: { accepts: isObject, must: 'must be an object' },
  compression: { accepts: (value) => value === 'none' || value === 'gzip', must: 'must be "none" or "gzip"' },
  maxMessageBytes: between(1024, 67_108_864),
  keepaliveMs: between(1000, 86_400_000),
};
const TLS_RULES: Readonly<Record<keyof NonNullable<GrpcConfig['tls']>, Rule>> = {
  caFrom: text,
  certFrom: text,
  keyFrom: text,
  serverName: text,
};

/**
 * What a record says of its upstream, without what the gateway adds.
 *
 * @throws ForgeError `validation_failed` naming the field
 */
export function readRecord(record: UpstreamRecord): Omit<GrpcUpstreamOptions, 'events'> {
  const config: GrpcConfig = checked('config', JSON.parse(record.config ?? '{}') as object, RULES);
  const { descriptorSet, protoFiles, services } = config;
  if (descriptorSet !== undefined && protoFiles !== undefined) {
    throw invalid('config.protoFiles', 'does not go with descriptorSet');
  }
  const headers = Object.fromEntries(record.headers.map(({ name, value }) => [name.toLowerCase(), value]));
  checkHeaders(headers);
  return {
    ...readUrl(record.url ?? ''),
    tls: readTls(record, config),
    headers,
    services,
    descriptorSet,
    protoFiles,
    gzip: config.compression === 'gzip',
    maxMessageBytes: config.maxMessageBytes,
    keepAliveMs: config.keepaliveMs,
    requestTimeoutMs: record.timeoutMs,
  };
}

/** Host and port of `grpc://host:port` or `grpcs://host:port`. @throws ForgeError `validation_failed` */
export function readUrl(text: string): { readonly host: string; readonly port: number } {
  const { protocol, hostname, port, pathname, search } = new URL(text);
  if (!['', '/'].includes(pathname) || search !== '') throw invalid('url', 'must have no path: grpc://host:port');
  if (hostname === '') throw invalid('url', 'must name a host: grpc://host:port');
  if (port === '' && protocol !== 'grpcs:') throw invalid('url', 'must name a port: grpc://host:port');
  return { host: decodeURIComponent(hostname).replace(/^\[(.*)\]$/, '$1'), port: Number(port || 443) };
}

function readTls({ url = '', secrets = {} }: UpstreamRecord, config: GrpcConfig): TlsOptions | undefined {
  const tls = checked('config.tls', config.tls ?? {}, TLS_RULES);
  const isSecure = url.startsWith('grpcs:');
  if (!isSecure && config.tls !== undefined) throw invalid('config.tls', 'is for grpcs:// only');
  const { caFrom, certFrom, keyFrom, serverName } = tls;
  const used = [caFrom, certFrom, keyFrom];
  const secret = (field: string, name: string | undefined): string | undefined => {
    if (name === undefined || Object.hasOwn(secrets, name)) return name === undefined ? undefined : secrets[name];
    throw invalid(`config.tls.${field}`, `names the secret "${name}", which is not among secrets`);
  };
  const unused = Object.keys(secrets).find((name) => !used.includes(name));
  if (unused !== undefined) throw invalid(`secrets.${unused}`, 'is not named in config.tls');
  if ((certFrom === undefined) !== (keyFrom === undefined)) {
    throw invalid('config.tls', 'certFrom and keyFrom go together');
  }
  if (!isSecure) return undefined;
  const options = {
    ca: secret('caFrom', caFrom),
    cert: secret('certFrom', certFrom),
    key: secret('keyFrom', keyFrom),
    serverName,
  };
  try {
    if (options.ca !== undefined) new X509Certificate(options.ca).toString(); // what is no PEM would be left out silently
    createSecureContext(options);
  } catch {
    // What OpenSSL says may hold parts of a key.
    throw invalid(
      'config.tls',
      'one of the secrets that it names is no PEM, or key and certificate do not belong together',
    );
  }
  return options;
}

function checked<T extends object>(field: string, value: object, rules: Readonly<Record<keyof T & string, Rule>>): T {
  for (const [name, given] of Object.entries(value)) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof T & string] : undefined;
    if (rule === undefined)
      throw invalid(`${field}.${name}`, `is not known; known are ${Object.keys(rules).join(', ')}`);
    if (!rule.accepts(given)) throw invalid(`${field}.${name}`, rule.must);
  }
  return value as T;
}

function invalid(field: string, message: string): ForgeError {
  const issue = { field: field.slice(0, 100), message };
  return new ForgeError('validation_failed', `${issue.field}: ${message}`, { data: { issues: [issue] } });
}
