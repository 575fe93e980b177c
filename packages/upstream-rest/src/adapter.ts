/** @module The adapter: upstreams whose transport is `rest`. */
import { type AddressPolicy, createAddressPolicy, type UpstreamAdapter } from '@forge/core';
import { checkConfig, readConfig } from './config/check-config.ts';
import { createFilters, type FilterOptions } from './filter/filter.ts';
import { restUpstream, type RestUpstreamOptions } from './rest-upstream.ts';

/** Options of {@link restAdapter}. */
export interface RestAdapterOptions extends Pick<
  RestUpstreamOptions,
  'timeoutMs' | 'maxRetries' | 'maxAnswerBytes' | 'breaker' | 'userAgent'
> {
  /** Which hosts may be called. @default all but link-local and metadata addresses */
  readonly addresses?: AddressPolicy | undefined;
  readonly filters?: FilterOptions | undefined;
}

/**
 * Makes upstreams of REST APIs.
 *
 * @example
 * const forge = await createForge({ adapters: [restAdapter()], ... });
 * await forge.registry.upstreams.create(admin, { name: 'weather', transport: 'rest', url, config: JSON.stringify(config) });
 */
export function restAdapter(options: RestAdapterOptions = {}): UpstreamAdapter {
  const { addresses = createAddressPolicy() } = options;
  // Its threads keep no process alive, and end with it.
  const filters = createFilters(options.filters);
  return {
    transports: ['rest'],
    check: (record) => void checkConfig(record, addresses),
    destinations: (record) =>
      Object.values(readConfig(record).credentials ?? {}).flatMap((credential) =>
        credential.type === 'oauth2' ? [new URL(credential.tokenUrl).origin] : [],
      ),
    create: (record, events) =>
      restUpstream({
        ...options,
        record,
        config: readConfig(record),
        events,
        filters,
        refuses: (host) => addresses.refusal(host) !== undefined,
      }),
  };
}
