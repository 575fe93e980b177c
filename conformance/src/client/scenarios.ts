/** @module What each of the suite's client scenarios wants a client to do; the suite's server judges what arrives. */
import type { Answer, Peer } from './peer.ts';

/** One scenario's part of the client. */
export interface Script {
  run(peer: Peer): Promise<void>;
  /** @default accepts with nothing, so that the defaults of the schema count */
  readonly answer?: Answer;
}

/** A call that the suite prescribes. */
interface PrescribedCall {
  readonly name: string;
  readonly arguments: Record<string, unknown>;
}

/** The calls that the suite wants to have made, from the context which it hands its client. */
function prescribedCalls(): readonly PrescribedCall[] {
  const context = process.env['MCP_CONFORMANCE_CONTEXT'];
  if (context === undefined) throw new Error('The suite says by no MCP_CONFORMANCE_CONTEXT what to call');
  return (JSON.parse(context) as { toolCalls: PrescribedCall[] }).toolCalls;
}

async function list(peer: Peer): Promise<void> {
  await peer.listTools();
}

/** Lists the tools and calls each of them, as the scenarios with a single tool want it. */
function callAll(args: Record<string, unknown>): Script {
  return {
    async run(peer) {
      const { tools } = await peer.listTools();
      for (const { name } of tools) await peer.callTool({ name, arguments: args });
    },
  };
}

/** Uses each kind of item once, whatever the names are. */
async function useEverything(peer: Peer): Promise<void> {
  const { tools } = await peer.listTools();
  for (const { name } of tools) await peer.callTool({ name, arguments: {} });
  const { resources } = await peer.listResources();
  for (const { uri } of resources) await peer.readResource({ uri });
  const { prompts } = await peer.listPrompts();
  for (const { name } of prompts) await peer.getPrompt({ name });
}

async function echoSchema(peer: Peer): Promise<void> {
  const { tools } = await peer.listTools();
  const schema = tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema;
  await peer.callTool({ name: 'json_schema_echo', arguments: { schema } });
}

const REQUEST_STATE: Script = {
  async run(peer) {
    for (const name of ['test_mrtr_echo_state', 'test_mrtr_no_state', 'test_mrtr_no_result_type'])
      await peer.callTool({ name, arguments: {} });
  },
  // Between the rounds of another call, whose state must not go along.
  async answer(peer) {
    await peer.callTool({ name: 'test_mrtr_unrelated', arguments: {} });
    return { confirmed: true };
  },
};

/** The scenarios of the suite that this client can take part in: all but those about OAuth. */
export const SCRIPTS: Readonly<Record<string, Script>> = {
  initialize: { run: list },
  tools_call: callAll({ a: 5, b: 3 }),
  'request-metadata': { run: list },
  'elicitation-sep1034-client-defaults': callAll({}),
  'sse-retry': callAll({}),
  'sep-2322-client-request-state': REQUEST_STATE,
  'http-standard-headers': { run: useEverything },
  'http-custom-headers': {
    async run(peer) {
      await peer.listTools();
      for (const call of prescribedCalls()) await peer.callTool(call);
    },
  },
  'http-invalid-tool-headers': callAll({ region: 'us-west1' }),
  'json-schema-ref-no-deref': { run: list },
  'json-schema-2020-12-preservation': { run: echoSchema },
};
