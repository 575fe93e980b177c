/** @module The bus contract: what replicas of one Forge tell each other. */

/** A message on the bus. `changed`: the registry changed, snapshots must be rebuilt. */
export type BusMessage = { readonly type: 'changed' } | { readonly type: 'token-revoked'; readonly jti: string };

/** Delivers each message to every subscriber of every replica, the sender's own included, at least once. */
export interface Bus {
  publish(message: BusMessage): Promise<void>;
  /** Returns the way to stop. */
  subscribe(listener: (message: BusMessage) => void): () => void;
  close(): Promise<void>;
}
