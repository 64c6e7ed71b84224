/** Connections to providers: pooled, bounded in time and number, without redirects, and only to addresses that are allowed. */
import { Agent, type Dispatcher } from 'undici';
import {
  UPSTREAM_CONNECTIONS_MAX,
  UPSTREAM_CONNECT_TIMEOUT_MS,
  UPSTREAM_FIRST_BYTE_TIMEOUT_MS,
  UPSTREAM_IDLE_TIMEOUT_MS,
} from '../config/limits.js';
import type { Billing } from '../domain/vocabulary.js';
import { createGuardedConnector } from '../upstream/address-policy.js';

export interface UpstreamClient {
  /** The pool for connections of one way of paying: local servers may be on private addresses, others may not. */
  dispatcherFor(billing: Billing): Dispatcher;
  close(): Promise<void>;
}

export interface UpstreamClientOptions {
  readonly allowPrivate: boolean;
  /** Time until the first byte of an answer. */
  readonly firstByteMs?: number;
  /** Longest silence within an answer. */
  readonly idleMs?: number;
}

export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { firstByteMs = UPSTREAM_FIRST_BYTE_TIMEOUT_MS, idleMs = UPSTREAM_IDLE_TIMEOUT_MS } = options;
  const agentFor = (billing: Billing): Agent =>
    new Agent({
      connect: createGuardedConnector(
        { billing, allowPrivate: options.allowPrivate },
        { timeout: UPSTREAM_CONNECT_TIMEOUT_MS },
      ),
      connections: UPSTREAM_CONNECTIONS_MAX,
      headersTimeout: firstByteMs,
      bodyTimeout: idleMs,
      // The body is one buffer and answers arrive in order: a second request on the same socket would only wait.
      pipelining: 1,
    });
  const remote = agentFor('METERED');
  const local = agentFor('LOCAL');
  return {
    dispatcherFor: (billing) => (billing === 'LOCAL' ? local : remote),
    async close() {
      await Promise.all([remote.destroy(), local.destroy()]);
    },
  };
}
