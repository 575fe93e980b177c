/** @module Where an agent wants to be told of its task: checked before anything is sent there. */
import type { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import { checkUpstreamUrl } from '@forge/core';
import { ForgeError } from '@forge/protocol';

const MAX_ID = 256;
const MAX_SECRET = 4096;
/** What a header may carry, and an HTTP authentication scheme (RFC 9110, 5.5 and 11.1). */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;
const SCHEME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;

/**
 * The config with its URL in normal form, and an id.
 *
 * @throws RequestMalformedError naming the field
 */
export function checkPushConfig(
  config: TaskPushNotificationConfig,
  taskId: string,
  refuses: (host: string) => boolean,
): TaskPushNotificationConfig {
  const { id, token, authentication } = config;
  if (id.length > MAX_ID) throw malformed('id', `must have at most ${MAX_ID} characters`);
  if (token !== '') checkValue('token', token);
  if (authentication !== undefined) {
    if (!SCHEME.test(authentication.scheme)) throw malformed('authentication.scheme', 'is no scheme of HTTP');
    if (authentication.credentials !== '') checkValue('authentication.credentials', authentication.credentials);
  }
  return { ...config, id: id || taskId, taskId, tenant: '', url: urlOf(config.url, refuses) };
}

function urlOf(url: string, refuses: (host: string) => boolean): string {
  const refusal = (host: string): string | undefined => (refuses(host) ? 'is refused' : undefined);
  try {
    return checkUpstreamUrl(url, { addresses: { refusal } });
  } catch (error) {
    throw malformed('url', ForgeError.from(error).message.replace(/^url: /, ''));
  }
}

function checkValue(field: string, value: string): void {
  if (value.length > MAX_SECRET) throw malformed(field, `must have at most ${MAX_SECRET} characters`);
  if (!VALUE.test(value)) throw malformed(field, 'has characters that a header cannot carry');
}

function malformed(field: string, why: string): RequestMalformedError {
  return new RequestMalformedError(`${field}: ${why}`);
}
