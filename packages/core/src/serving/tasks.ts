/**
 * @module Tasks of upstreams (the tasks extension, SEP-2663) under ids of Forge's own: each is sealed for the principal and
 * the endpoint that it was handed to, and says to Forge alone where the task is. So nothing has to be remembered.
 */
import { ForgeError, isTask, type Outcome, TASK_METHODS } from '@forge/protocol';
import type { Call } from '../contracts/interceptor.ts';
import type { Principal } from '../contracts/principal.ts';
import type { Sealer } from '../registry/sealer.ts';

/** A task at its upstream. */
export interface Task {
  readonly upstreamId: string;
  /** The upstream's own id of it. */
  readonly taskId: string;
}

/** Makes and reads the ids that clients see. */
export interface TaskIds {
  /** The task of an id; `undefined` for what is no id, was changed, or was handed to another principal or endpoint. */
  open(id: string, serverId: string | undefined, principal: Principal): Promise<Task | undefined>;
  /**
   * What an upstream answered to a call, with the client's id in place of the upstream's.
   *
   * @throws ForgeError `upstream_error` for a task without a usable id
   */
  forClient(call: Call, outcome: Outcome): Promise<Outcome>;
}

/** Characters of an upstream's task id: clients repeat ours in a header, which has no room for more. */
const MAX_TASK_ID = 1024;
/** Characters of an id of ours, of any task id that is short enough. */
const MAX_SEALED = 8192;

/** Ids sealed by `sealer`: good for as long as its secret is, in every process that has it. */
export function createTaskIds(sealer: Sealer): TaskIds {
  return {
    async open(id, serverId, principal) {
      if (id.length > MAX_SEALED) return undefined;
      try {
        const opened = await sealer.unseal(id, contextOf(serverId, principal));
        const [upstreamId, taskId] = JSON.parse(opened) as [string, string];
        return { upstreamId, taskId };
      } catch {
        return undefined; // not sealed here for this context: which of the two is nobody's business
      }
    },
    async forClient({ request, serverId, principal, upstreamId, target }, outcome) {
      const { era, result } = outcome;
      if (era !== 'modern' || result === undefined) return outcome;
      if (TASK_METHODS.has(request.method)) {
        return result.has('taskId') ? { era, result: result.with({ taskId: JSON.stringify(target) }) } : outcome;
      }
      if (!isTask(result)) return outcome;
      const taskId = result.member('taskId')?.value;
      if (typeof taskId !== 'string' || taskId.length > MAX_TASK_ID) {
        throw new ForgeError(
          'upstream_error',
          `The upstream made a task whose taskId is no string of at most ${MAX_TASK_ID} characters`,
        );
      }
      const id = await sealer.seal(JSON.stringify([upstreamId, taskId]), contextOf(serverId, principal));
      return { era, result: result.with({ taskId: JSON.stringify(id) }) };
    },
  };
}

/** No other value is sealed for such a context. */
function contextOf(serverId: string | undefined, principal: Principal): string {
  return JSON.stringify(['task', serverId ?? null, principal.id]);
}
