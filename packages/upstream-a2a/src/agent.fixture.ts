/** @module A real agent by the official SDK: the skills that `describeUpstream` calls, and some that ask, stream and take time. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { promisify } from 'node:util';
import { AgentCard, type Message, type Part, Role, TaskState } from '@a2a-js/sdk';
import { duplicateInterfacesForLegacy } from '@a2a-js/sdk/compat/v0_3';
import {
  AgentEvent,
  type AgentExecutor,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryTaskStore,
  type RequestContext,
  STATE_HEADERS_KEY,
} from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { A2AService, grpcService, UserBuilder as GrpcUserBuilder } from '@a2a-js/sdk/server/grpc';
import { LegacyA2AService, legacyGrpcService } from '@a2a-js/sdk/compat/v0_3/server/grpc';
import {
  Server as GrpcServer,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import express from 'express';
import { dataPart, rawPart, textPart, urlPart } from './a2a/parts.ts';

/** An agent that listens. */
export interface TestAgent {
  readonly url: string;
  /** Where it listens for gRPC. */
  readonly grpcUrl: string;
  /** Metadata of gRPC calls. */
  readonly metadata: readonly Readonly<Record<string, unknown>>[];
  /** Messages that came, newest last. */
  readonly received: readonly Message[];
  /** Requests that came, by header name. */
  readonly headers: readonly Readonly<Record<string, unknown>>[];
  /** Paths of requests that came, with their queries. */
  readonly paths: readonly string[];
  /** Ids of tasks whose cancellation was asked for. */
  readonly cancelled: readonly string[];
  /** Calls of `hang` that were not cancelled. */
  readonly hanging: number;
  readonly connections: number;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Lets calls of `wait` go on. */
  release(): void;
}

/** How an agent differs from the usual one. */
export interface TestAgentOptions {
  readonly binding?: 'JSONRPC' | 'HTTP+JSON' | 'GRPC';
  readonly version?: '1.0' | '0.3';
  readonly streaming?: boolean;
  /** The card, as the agent would serve it, made into another. */
  readonly card?: (card: AgentCard) => unknown;
  readonly skills?: readonly string[];
  /** Whether a request with this `Authorization` is served. */
  readonly accepts?: (authorization: string) => boolean;
}

const SKILLS = ['echo', 'fail', 'hang', 'large', 'steps'];

/** Starts one on a free port of this machine. */
export async function startAgent(options: TestAgentOptions = {}): Promise<TestAgent> {
  const { binding = 'JSONRPC', version = '1.0', streaming = true, skills = SKILLS, accepts = () => true } = options;
  const sockets = new Set<Socket>();
  const received: Message[] = [];
  const headers: Record<string, unknown>[] = [];
  const metadata: Record<string, unknown>[] = [];
  const paths: string[] = [];
  const cancelled: string[] = [];
  const hanging = new Map<string, () => void>();
  let released: () => void = () => {};
  const waiting = new Promise<void>((resolve) => {
    released = resolve;
  });
  let port = 0;
  let http: Server | undefined;
  let grpcPort = 0;
  let grpc: GrpcServer | undefined;

  const cardOf = (): AgentCard => {
    const url = binding === 'GRPC' ? `127.0.0.1:${grpcPort}` : `${urlOf(port)}/rpc`;
    const interfaces = [{ url, protocolBinding: binding, tenant: '', protocolVersion: '1.0' }];
    const both = duplicateInterfacesForLegacy(interfaces, [binding]);
    return AgentCard.fromJSON({
      name: 'Suite',
      description: 'Does what tests want',
      version: '7',
      supportedInterfaces: version === '1.0' ? interfaces : both.filter((one) => one.protocolVersion === '0.3'),
      capabilities: { streaming },
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      skills: skills.map((id) => ({ id, name: `Skill ${id}`, description: `Does ${id}`, tags: [], examples: ['Go!'] })),
    });
  };

  const executor: AgentExecutor = {
    async execute(context, bus) {
      received.push(context.userMessage);
      metadata.push(context.context.state.get(STATE_HEADERS_KEY) as Record<string, unknown>);
      await run(context, bus);
    },
    async cancelTask(taskId, bus) {
      cancelled.push(taskId);
      hanging.get(taskId)?.();
      bus.publish(statusEvent({ taskId, contextId: 'c' }, TaskState.TASK_STATE_CANCELED));
    },
  };

  async function run(context: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const { userMessage, taskId } = context;
    const skill = String(
      context.task?.metadata?.['skill'] ?? userMessage.metadata?.['skillId'] ?? wordsOf(userMessage),
    );
    const args = (userMessage.parts.map(({ content }) => content).find((one) => one?.$case === 'data')?.value ??
      {}) as { text?: string; count?: number; size?: number };
    const say = (state: TaskState, ...parts: Part[]): void => bus.publish(statusEvent(context, state, parts));
    const done = (...parts: Part[]): void => say(TaskState.TASK_STATE_COMPLETED, ...parts);
    if (skill === 'message') {
      return bus.publish(AgentEvent.message(agentMessage(context, [textPart(`heard ${wordsOf(userMessage)}`)])));
    }
    bus.publish(
      AgentEvent.task({
        id: taskId,
        contextId: context.contextId,
        status: { state: TaskState.TASK_STATE_WORKING, message: undefined, timestamp: new Date().toISOString() },
        artifacts: [],
        history: [userMessage],
        metadata: { skill },
      }),
    );
    switch (skill) {
      case 'echo':
        return done(textPart(args.text ?? wordsOf(userMessage)));
      case 'fail':
        return say(TaskState.TASK_STATE_FAILED, textPart('it failed'));
      case 'large':
        return done(textPart('x'.repeat(args.size ?? 0)));
      case 'steps':
        for (let step = 1; step <= (args.count ?? 0); step += 1) say(TaskState.TASK_STATE_WORKING, textPart(`${step}`));
        return done(textPart('done'));
      case 'hang':
        await new Promise<void>((resolve) => hanging.set(taskId, resolve));
        hanging.delete(taskId);
        return;
      case 'wait':
        await waiting;
        return done(textPart('waited'));
      case 'ask':
        if (context.task === undefined) return say(TaskState.TASK_STATE_INPUT_REQUIRED, textPart('Which colour?'));
        return done(textPart(`it is ${wordsOf(userMessage)}`));
      case 'ask-late':
        if (context.task !== undefined) return done(textPart(`it is ${wordsOf(userMessage)}`));
        await waiting;
        return say(TaskState.TASK_STATE_INPUT_REQUIRED, textPart('Which colour?'));
      case 'login':
        return say(TaskState.TASK_STATE_AUTH_REQUIRED, textPart('Log in first'));
      case 'files': {
        const parts = [
          dataPart({ answer: 42 }),
          rawPart('aGk=', 'image/png', 'a.png'),
          rawPart('aGk=', 'application/pdf', 'b.pdf'),
          urlPart('https://example.com/c', 'text/html', 'c'),
        ];
        artifact(context, bus, parts);
        return done();
      }
      case 'pieces':
        for (let n = 0; n < (args.count ?? 0); n += 1)
          artifact(context, bus, [textPart('x'.repeat(args.size ?? 0))], n > 0);
        return done();
      case 'chunks':
        for (const piece of ['one ', 'two ', 'three']) artifact(context, bus, [textPart(piece)], piece !== 'one ');
        return done();
      default:
        return say(TaskState.TASK_STATE_REJECTED, textPart(`no skill ${skill}`));
    }
  }

  const start = async (): Promise<void> => {
    const app = express();
    http = createServer(app);
    http.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    http.listen(port, '127.0.0.1');
    await once(http, 'listening');
    ({ port } = http.address() as AddressInfo);
    if (binding === 'GRPC') grpcPort = await freePort(grpcPort);
    const card = cardOf();
    const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), executor);
    const legacyCompat = { enabled: true };
    app.use((request, response, next) => {
      headers.push(request.headers);
      paths.push(request.url);
      if (accepts(request.headers.authorization ?? '')) next();
      else response.status(401).end();
    });
    const wellKnown = '/.well-known/agent-card.json';
    if (options.card) app.get(wellKnown, (_request, response) => void response.json(options.card?.(card)));
    else app.use(wellKnown, agentCardHandler({ agentCardProvider: async () => card, legacyCompat }));
    const serving = { requestHandler, userBuilder: UserBuilder.noAuthentication, legacyCompat };
    if (binding === 'GRPC') {
      grpc = new GrpcServer({ interceptors: [guardedBy(accepts)] });
      grpc.addService(A2AService, grpcService({ ...serving, userBuilder: GrpcUserBuilder.noAuthentication }));
      grpc.addService(
        LegacyA2AService,
        legacyGrpcService({ ...serving, userBuilder: GrpcUserBuilder.noAuthentication }),
      );
      await promisify(grpc.bindAsync.bind(grpc))(`127.0.0.1:${grpcPort}`, ServerCredentials.createInsecure());
      return;
    }
    app.use('/rpc', binding === 'JSONRPC' ? jsonRpcHandler(serving) : restHandler(serving));
  };
  const stop = async (): Promise<void> => {
    const stopping = http;
    http = undefined;
    if (stopping === undefined) return;
    const closed = once(stopping, 'close');
    stopping.close();
    for (const socket of sockets) socket.destroy();
    for (const end of hanging.values()) end();
    grpc?.forceShutdown();
    await closed;
  };

  await start();
  return {
    get url() {
      return urlOf(port);
    },
    get grpcUrl() {
      return `http://127.0.0.1:${grpcPort}`;
    },
    metadata,
    received,
    headers,
    paths,
    cancelled,
    get hanging() {
      return hanging.size;
    },
    get connections() {
      return sockets.size;
    },
    start,
    stop,
    release: () => released(),
  };
}

function guardedBy(accepts: (authorization: string) => boolean): ServerInterceptor {
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, pass) {
            if (accepts(String(metadata.get('authorization')[0] ?? ''))) pass(metadata);
            else call.sendStatus({ code: status.UNAUTHENTICATED, details: 'Not with this token' });
          },
        });
      },
    });
}

/** The card has to name it before anybody listens. */
async function freePort(known: number): Promise<number> {
  if (known !== 0) return known;
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function wordsOf({ parts }: Message): string {
  return parts.flatMap(({ content }) => (content?.$case === 'text' ? [content.value] : [])).join(' ');
}

interface Place {
  readonly taskId: string;
  readonly contextId: string;
}

function agentMessage({ taskId, contextId }: Place, parts: Part[]): Message {
  const messageId = crypto.randomUUID();
  const metadata = undefined;
  return { messageId, taskId, contextId, role: Role.ROLE_AGENT, parts, metadata, extensions: [], referenceTaskIds: [] };
}

function statusEvent(place: Place, state: TaskState, parts: Part[] = []) {
  const message = parts.length === 0 ? undefined : agentMessage(place, parts);
  const { taskId, contextId } = place;
  const status = { state, message, timestamp: new Date().toISOString() };
  return AgentEvent.statusUpdate({ taskId, contextId, status, metadata: undefined });
}

function artifact({ taskId, contextId }: Place, bus: ExecutionEventBus, parts: Part[], append = false): void {
  const made = { artifactId: 'a', name: 'a', description: '', parts, metadata: undefined, extensions: [] };
  bus.publish(
    AgentEvent.artifactUpdate({ taskId, contextId, artifact: made, append, lastChunk: !append, metadata: undefined }),
  );
}
