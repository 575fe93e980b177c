/**
 * @module An MCP server that passes the official conformance suite, to put behind the gateway.
 *
 * `node dist/fixture.js --port 0 --era modern|legacy|both` prints `{"url":"http://127.0.0.1:PORT/mcp"}` when it
 * listens; with `--stdio` it speaks over stdin and stdout instead and prints nothing else. SIGTERM ends it with 0.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { createEndpoint } from './fixture/http.ts';
import type { FixtureEra } from './fixture/http.ts';
import { createFixtureState } from './fixture/state.ts';
import { serveFixtureOverStdio } from './fixture/stdio.ts';

const PATH = '/mcp';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    era: { type: 'string', default: 'both' },
    stdio: { type: 'boolean', default: false },
  },
});

function isEra(value: string): value is FixtureEra {
  return value === 'modern' || value === 'legacy' || value === 'both';
}

function serveHttp(era: FixtureEra, port: number): void {
  const handle = toNodeHandler({ fetch: createEndpoint(createFixtureState(), era) });
  // A page in a browser must not reach a local server through a name that it controls.
  const hostAllowed = localhostHostValidation();
  const originAllowed = localhostOriginValidation();
  const server = createServer((request, response) => {
    if (!hostAllowed(request, response) || !originAllowed(request, response)) return;
    if (request.url?.split('?')[0] !== PATH) {
      response.writeHead(404).end();
      return;
    }
    void handle(request, response);
  });
  server.listen(port, '127.0.0.1', () => {
    const { port: bound } = server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${bound}${PATH}` })}\n`);
  });
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

if (!isEra(values.era)) {
  process.stderr.write(`--era must be modern, legacy or both, not ${values.era}\n`);
  process.exitCode = 2;
} else if (values.stdio) {
  await serveFixtureOverStdio(createFixtureState(), values.era);
} else {
  serveHttp(values.era, Number(values.port));
}
