/** One peer of the websocket listener: what is known of it, and what it is held to. */
import type { IncomingMessage } from 'node:http';
import type { SubscribePayload } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { Actor } from '../admin/actor.js';
import { SOCKET_CLOSE_TIMEOUT_MS } from '../config/graphql-limits.js';
import type { Clock } from '../domain/clock.js';
import type { GraphqlContext } from './context.js';
import { callerGone } from './deadline.js';
import type { CostReport } from './guard/guard.js';
import { tokenIdOf } from './guard/cost-buckets.js';
import type { Loaders } from './loaders.js';

/** One operation of a socket from `subscribe` to its end. */
export interface Operation {
  readonly requestId: string;
  readonly controller: AbortController;
  /** Whether its peer still waits for it. */
  readonly isWanted: () => boolean;
  /** Null for a peer that has not signed in. */
  cost: CostReport | null;
  /** Null until it has passed the guard. */
  context: GraphqlContext | null;
  type: string;
  name: string | null;
  readonly startedAt: number;
  /** Of the errors sent so far. */
  readonly codes: Set<unknown>;
}

/** What is known of one socket. */
export interface Peer {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly ip: string;
  /** By the message that began each: an id may be used again as soon as its operation ended. */
  readonly operations: Map<SubscribePayload, Operation>;
  actor: Actor | null;
  token: string | null;
  /** What its subscriptions load with; null until it has signed in. */
  loaders: Loaders | null;
  expiry: NodeJS.Timeout | null;
}

/** Whether its peer ended an operation that still runs. */
export function isUnwanted({ isWanted }: Operation): boolean {
  return !isWanted();
}

/** Stops those that nobody waits for any more. A change is made all the same, as over HTTP. */
export function abandon(operations: Iterable<Operation>): void {
  for (const { controller, type } of operations) if (type !== 'mutation') controller.abort(callerGone());
}

/** Whether two actors get the same answers to everything. */
export function seeTheSame(a: Actor, b: Actor): boolean {
  return (
    tokenIdOf(a) === tokenIdOf(b) && a.workspaceId === b.workspaceId && a.scopes.join() === b.scopes.join()
  );
}

/** Pings the peer, and cuts it when it no longer answers. Returns what ends that. */
export function keepAlive(socket: WebSocket, intervalMs: number): () => void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) {
      socket.terminate();
      return;
    }
    answered = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, intervalMs);
  return () => clearInterval(timer);
}

/** Closes a socket, and cuts it when its peer does not close its side. */
export function closeInTime(socket: WebSocket, code: number, reason: string): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), SOCKET_CLOSE_TIMEOUT_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.close(code, reason);
  });
}

/** Asked once per message: whether there have been more than `perSecond` of them for longer than a burst. */
export function createFloodGate(clock: Clock, perSecond: number): () => boolean {
  const burst = 2 * perSecond;
  let allowance = burst;
  let asOf = clock.monotonic();
  return () => {
    const now = clock.monotonic();
    allowance = Math.min(burst, allowance + ((now - asOf) / 1000) * perSecond) - 1;
    asOf = now;
    return allowance < 0;
  };
}

/** Browsers name the page a socket is opened from; only pages of this server may. Programs name none. */
export function isOwnOrigin({ headers }: IncomingMessage): boolean {
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host;
}
