/** @module Tokens of OAuth in the metadata of calls, where the binding is not HTTP. */
import type { RequestOptions, Transport } from '@a2a-js/sdk/client';
import type { TokenSource } from '@forge/outgoing';
import { status } from '@grpc/grpc-js';
import { unlessAborted } from '../http/unless-aborted.ts';

/** The transport, whose calls have tokens: what is refused for one has not been carried out, and is sent again, once. */
export function withToken(transport: Transport, tokens: TokenSource): Transport {
  const added = async (options: RequestOptions = {}): Promise<[RequestOptions, string]> => {
    const token = await unlessAborted(tokens.token(), options.signal);
    const serviceParameters = { ...options.serviceParameters, authorization: `Bearer ${token}` };
    return [{ ...options, serviceParameters }, token];
  };

  async function once<T>(call: (options: RequestOptions) => Promise<T>, options?: RequestOptions): Promise<T> {
    const [first, token] = await added(options);
    try {
      return await call(first);
    } catch (error) {
      if (!isRefused(error) || !tokens.discard(token)) throw error;
      const [second] = await added(options);
      return await call(second);
    }
  }

  const calls: Partial<Transport> = {
    sendMessage: (params, options) => once((own) => transport.sendMessage(params, own), options),
    getTask: (params, options) => once((own) => transport.getTask(params, own), options),
    cancelTask: (params, options) => once((own) => transport.cancelTask(params, own), options),
    async *sendMessageStream(params, options) {
      const begin = async (own: RequestOptions) => {
        const events = transport.sendMessageStream(params, own);
        return { events, first: await events.next() };
      };
      const { events, first } = await once(begin, options);
      try {
        if (first.done !== true) yield first.value;
        yield* events;
      } finally {
        await events.return();
      }
    },
  };
  return Object.assign(Object.create(transport) as Transport, calls);
}

function isRefused(error: unknown): boolean {
  const { transport, status: code } = error as { transport?: unknown; status?: unknown };
  return transport === 'grpc' && code === status.UNAUTHENTICATED;
}
