/** What resolvers work with: the operation's caller and loaders, and the parts of the program behind the API. */
import type { OperationTypeNode } from 'graphql';
import type { Admin } from '../admin/admin.js';
import type { Actor, AdminContext } from '../admin/actor.js';
import type { Clock } from '../domain/clock.js';
import type { HealthState } from '../domain/vocabulary.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import { tokenIdOf, type CostBuckets } from './guard/cost-buckets.js';
import { costReport, type CostReport } from './guard/guard.js';
import type { LiveStats } from './live-stats.js';
import { createLoaders, type Loaders } from './loaders.js';
import type { UsageReads } from './usage/reads.js';

export interface HealthCheckValue {
  readonly name: string;
  readonly state: HealthState;
  readonly latencyMs: number | null;
  readonly message: string | null;
}

/** The program behind the API, the same for every operation. */
export interface GraphqlServices {
  readonly admin: Admin;
  readonly usage: UsageReads;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  readonly startedAt: number;
  /** Days that single usage events are kept. */
  readonly usageRetentionDays: number;
  /** SHA-256 of the printed schema, in hexadecimal. */
  readonly schemaHash: string;
  /** One entry per dependency and background job. */
  checks(): Promise<readonly HealthCheckValue[]>;
  readonly live: LiveStats;
  readonly costs: CostBuckets;
  /** How long an operation may run. */
  readonly operationTimeoutMs: number;
}

/** One operation of one caller, over either transport. */
export interface GraphqlContext {
  readonly services: GraphqlServices;
  /** What the verbs of the admin layer are called with. */
  readonly caller: AdminContext;
  readonly requestId: string;
  /** Stops what the operation waits for. */
  readonly controller: AbortController;
  /** What the operation costs: nothing until the guard has let it pass. */
  cost: CostReport;
  /** What the guard found in the document. In an object of its own, because Apollo works on a copy of the context. */
  readonly found: { operation: `${OperationTypeNode}` | null };
  /** Made per operation, so that nothing is remembered from one to the next; a subscription's remember nothing at all. */
  readonly loaders: Loaders;
}

export interface CallerFacts {
  readonly actor: Actor;
  readonly ip: string | null;
  readonly requestId: string;
  /** Stops what the operation waits for. */
  readonly controller: AbortController;
  /** What a subscription loads with; null for an operation that ends, which has its own and loads a thing once only. */
  readonly loaders: Loaders | null;
}

/** The context of one operation. */
export function createContext(services: GraphqlServices, facts: CallerFacts): GraphqlContext {
  const { actor, ip, requestId, controller } = facts;
  const caller: AdminContext = { actor, ip, requestId, signal: controller.signal };
  return {
    services,
    caller,
    requestId,
    controller,
    cost: costReport(services.costs, tokenIdOf(actor)),
    found: { operation: null },
    loaders: facts.loaders ?? loadersOf(services, caller, true),
  };
}

/** Loaders that subscriptions of one actor share: things wanted at the same time are loaded once, and anew each time. */
export function createLiveLoaders(services: GraphqlServices, actor: Actor): Loaders {
  const { signal } = new AbortController();
  return loadersOf(services, { actor, ip: null, requestId: null, signal }, false);
}

function loadersOf({ admin, usage }: GraphqlServices, caller: AdminContext, remember: boolean): Loaders {
  return createLoaders({ admin, usage, caller, remember });
}
