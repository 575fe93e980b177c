/** @module Composes interceptors around a call. */
import { errorOutcome } from '@forge/protocol';
import type { Interceptor, Next } from '../contracts/interceptor.ts';

/** First interceptor outermost. What one throws becomes an error outcome, seen by those outside of it. */
export function composePipeline(interceptors: readonly Interceptor[], terminal: Next): Next {
  return interceptors.reduceRight<Next>((next, interceptor) => guarded(interceptor(next)), terminal);
}

function guarded(next: Next): Next {
  return (call) => {
    try {
      return next(call).catch(errorOutcome);
    } catch (error) {
      return Promise.resolve(errorOutcome(error));
    }
  };
}
