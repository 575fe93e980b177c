import { expect, it } from 'vitest';
import { readConfig } from './config.ts';
import { recordOf } from './upstream.fixture.ts';

it.each<[object, string]>([
  [{ agentType: 'openai' }, 'config.model: is missing'],
  [{ agentType: 'openai', model: 7 }, 'config.model: must be a text, not a number'],
  [{ agentType: 'anthropic', model: 'm', maxTokens: 0 }, 'config.maxTokens: must be at least 1'],
  [{ agentType: 'anthropic', model: 'm', streaming: 'no' }, 'config.streaming: must be true or false, not a text'],
  [{ bindings: ['SOAP'] }, 'config.bindings.0: must be one of JSONRPC, HTTP+JSON, GRPC'],
  [{ bindings: [] }, 'config.bindings: must have at least 1 elements'],
  [{ endpoint: { protocolVersion: 'one' } }, 'config.endpoint.protocolVersion: must be like "1.0"'],
  [{ endpoint: { skills: {} } }, 'config.endpoint.skills: must be a list, not an object'],
  [{ singature: 'required' }, 'config.singature: is not known here'],
])('%j is refused: %s', (config, message) => {
  const read = () => readConfig(recordOf({ url: 'https://a.example', config: JSON.stringify(config) }));
  expect(read).toThrow(message);
  expect(read).toThrow(expect.objectContaining({ code: 'validation_failed' }));
});
