/** What resolvers work with: the operation's caller and loaders, and the parts of the program behind the API. */
import type { Admin } from '../admin/admin.js';
import type { Actor, AdminContext } from '../admin/actor.js';
import type { Clock } from '../domain/clock.js';
import type { HealthState } from '../domain/vocabulary.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import type { CostBuckets } from './guard/cost-buckets.js';
import type { CostReport } from './guard/guard.js';
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
  /** SHA-256 of the printed schema, in hexadecimal. */
  readonly schemaHash: string;
  /** One entry per dependency and background job. */
  checks(): Promise<readonly HealthCheckValue[]>;
  readonly live: LiveStats;
  readonly costs: CostBuckets;
}

/** One operation of one caller, over either transport. */
export interface GraphqlContext {
  readonly services: GraphqlServices;
  /** What the verbs of the admin layer are called with. */
  readonly caller: AdminContext;
  readonly requestId: string;
  /** Stops what the operation waits for. */
  readonly controller: AbortController;
  /** What the operation costs; null until the guard has measured it. */
  cost: CostReport | null;
  /** Made per operation, so that nothing is remembered from one to the next. */
  readonly loaders: Loaders;
}

export interface CallerFacts {
  readonly actor: Actor;
  readonly ip: string | null;
  readonly requestId: string;
  /** Stops what the operation waits for. */
  readonly controller: AbortController;
  /** Whether a thing is loaded once only: not for subscriptions. */
  readonly remember: boolean;
}

/** The context of one operation. */
export function createContext(services: GraphqlServices, facts: CallerFacts): GraphqlContext {
  const { actor, ip, requestId, controller, remember } = facts;
  const caller: AdminContext = { actor, ip, requestId, signal: controller.signal };
  return {
    services,
    caller,
    requestId,
    controller,
    cost: null,
    loaders: createLoaders({ admin: services.admin, usage: services.usage, caller, remember }),
  };
}
