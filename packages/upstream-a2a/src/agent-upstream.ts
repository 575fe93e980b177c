/** @module An agent as an upstream: its tools, calls with their deadlines, and what their failures mean. */
import {
  createDeadlines,
  errorOutcome,
  type Exchange,
  type ExchangeRequest,
  forCaller,
  ForgeError,
  JsonText,
  NOBODY,
  type Outcome,
  ownRequest,
  resultOutcome,
  TASK_METHODS,
  type Upstream,
  type UpstreamEvents,
} from '@forge/protocol';
import { AgentCall } from './agent-call.ts';
import { AgentFailure } from './agent-failure.ts';
import type { Agent, AgentContext, Arguments, Found } from './agent.ts';

/** Options of {@link agentUpstream}. */
export interface AgentUpstreamOptions {
  readonly events: UpstreamEvents;
  /** How long a call may take, in ms. Progress gives it the whole time again; the client's own time does not count. */
  readonly requestTimeoutMs: number;
  /** Calls in flight at most. */
  readonly maxInFlight: number;
}

/** What was found out so long ago, in ms, is what `tools/list` still answers with: connecting has just asked. */
const FRESH_MS = 1000;

/** Makes the upstream; nothing is made or connected before the first call. */
export function agentUpstream(
  options: AgentUpstreamOptions,
  create: (context: AgentContext) => Promise<Agent>,
): Upstream {
  const { events, requestTimeoutMs, maxInFlight } = options;
  const deadlines = createDeadlines<AgentCall>(requestTimeoutMs, (call) =>
    call.stop(new ForgeError('upstream_timeout', `The agent did not answer within ${requestTimeoutMs} ms`)),
  );
  const context: AgentContext = { events, own: (work) => run(ownRequest('server/discover'), NOBODY, work) };
  let made: Promise<Agent> | undefined;
  let found: Found | undefined;
  let foundAt = 0;
  let attempt: Promise<Found> | undefined;
  let closed = false;

  async function agent(): Promise<Agent> {
    if (closed) throw new ForgeError('cancelled', 'The upstream has been closed');
    return (made ??= create(context));
  }

  async function run<T>(
    request: ExchangeRequest,
    exchange: Exchange,
    work: (call: AgentCall) => Promise<T>,
  ): Promise<T> {
    if (closed) throw new ForgeError('cancelled', 'The upstream has been closed');
    if (deadlines.items.size >= maxInFlight) throw new ForgeError('overloaded');
    const call = new AgentCall(request, exchange, deadlines);
    deadlines.start(call);
    exchange.onCancel((reason) => call.stop(new ForgeError('cancelled', reason)));
    try {
      return await work(call);
    } catch (thrown) {
      throw call.signal.aborted ? call.signal.reason : thrown;
    } finally {
      deadlines.stop(call);
    }
  }

  /** What is asked at one time is answered once. */
  function find(): Promise<Found> {
    attempt ??= run(ownRequest('server/discover'), NOBODY, async (call) => (await agent()).find(call))
      .then((now) => {
        foundAt = Date.now();
        return (found = now);
      })
      .catch((thrown: unknown) => {
        throw thrown instanceof AgentFailure ? thrown.toForgeError() : thrown;
      })
      .finally(() => {
        attempt = undefined;
      });
    return attempt;
  }

  async function serve(request: ExchangeRequest, exchange: Exchange): Promise<JsonText> {
    const { method } = request;
    if (method === 'server/discover') return described(await find());
    if (method === 'tools/list') return listed(Date.now() - foundAt < FRESH_MS && found ? found : await find());
    if (method === 'tools/call') return callTool(request, exchange);
    const { task } = TASK_METHODS.has(method) ? await agent() : NO_TASK;
    if (task !== undefined) {
      found ??= await find();
      return run(request, exchange, (call) => task(call, method, request.target ?? '', request.params));
    }
    throw new ForgeError('method_not_found', `Method not found: ${method.slice(0, 128)}`);
  }

  async function callTool(request: ExchangeRequest, exchange: Exchange): Promise<JsonText> {
    const { tools } = found ?? (await find());
    const { target = '' } = request;
    if (!tools.some(({ name }) => name === target)) {
      throw new ForgeError('invalid_params', `Unknown tool: ${target.slice(0, 256)}`);
    }
    return run(request, exchange, async (call) => (await agent()).call(call, target, argumentsOf(request)));
  }

  return {
    connect: async () => (found ?? (await find())).info,
    async call(request, exchange): Promise<Outcome> {
      try {
        return resultOutcome(await serve(request, exchange));
      } catch (thrown) {
        return thrown instanceof AgentFailure ? resultOutcome(failed(thrown)) : errorOutcome(forCaller(thrown));
      }
    },
    watch(_uris, taskIds = NO_TASKS) {
      if (made !== undefined || taskIds.size > 0) void agent().then(({ watch }) => watch?.(taskIds), ignore);
      return undefined;
    },
    sessionEnded() {}, // no session of ours is paired with a client's
    async close() {
      if (closed) return;
      closed = true;
      for (const call of deadlines.items) call.stop(new ForgeError('cancelled', 'The upstream has been closed'));
      await (await made)?.close();
    },
  };
}

function ignore(): void {} // an agent that cannot be made says so where it is called

const NO_TASKS: ReadonlySet<string> = new Set();
const NO_TASK: Pick<Agent, 'task'> = {};

function argumentsOf({ params }: ExchangeRequest): Arguments {
  const args = params?.member('arguments');
  if (args === undefined) return {};
  if (args.isObject) return args.value as Arguments;
  throw new ForgeError('invalid_params', 'arguments must be an object');
}

function described({ info }: Found): JsonText {
  const { capabilities, instructions } = info.description;
  const said = instructions === undefined ? {} : { instructions };
  return JsonText.of({
    resultType: 'complete',
    supportedVersions: [info.protocolVersion],
    capabilities: capabilities.value,
    ...said,
    ttlMs: 0,
    cacheScope: 'private',
  });
}

function listed({ tools }: Found): JsonText {
  return JsonText.of({ resultType: 'complete', tools, ttlMs: 0, cacheScope: 'private' });
}

function failed({ message }: AgentFailure): JsonText {
  return JsonText.of({ resultType: 'complete', content: [{ type: 'text', text: message }], isError: true });
}
