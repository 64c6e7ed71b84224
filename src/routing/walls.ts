/** What a failure says about the requests to come: whom it concerns, how long to stay away, and whether that may be overridden. */
import type { UpstreamFailure } from '../domain/failure.js';
import type { FailureClass, FailureScope } from '../domain/vocabulary.js';

/** How requests are kept away after failures of a class. */
interface WallRule {
  readonly scope: Exclude<FailureScope, 'REQUEST'>;
  /** A fault may be gone any moment, so it is tried all the same when nothing else is left; a refusal is not. */
  readonly soft: boolean;
  /** Failures in a row from which on it counts: one 502 says little, one wall says all. */
  readonly from: number;
  /** First pause, where the provider states none; doubled with every further failure. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** Longest pause a provider is taken at its word for. Windows renew after a month at the latest; a fault lasts no day. */
  readonly statedMaxMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH = 31 * DAY;

const REFUSAL = { scope: 'ACCOUNT', soft: false, from: 1, statedMaxMs: MONTH } as const;
const FAULT = { scope: 'MODEL', soft: true, from: 3, statedMaxMs: HOUR } as const;

/** Classes that are left out say nothing about other requests: mistakes of the caller, and callers that left. */
const RULES: Partial<Record<FailureClass, WallRule>> = {
  // A refused credential stays refused until somebody acts; the rare look finds out that it was the provider's mistake.
  AUTHENTICATION: { ...REFUSAL, firstMs: 10 * MINUTE, maxMs: 6 * HOUR },
  RATE_LIMITED: { ...REFUSAL, firstMs: 5 * SECOND, maxMs: 5 * MINUTE, statedMaxMs: DAY },
  // Windows of five hours and of a week look the same from here: look again soon, then more rarely.
  QUOTA_EXHAUSTED: { ...REFUSAL, firstMs: 15 * MINUTE, maxMs: HOUR },
  BILLING: { ...REFUSAL, firstMs: 15 * MINUTE, maxMs: 6 * HOUR },
  PLAN_INACTIVE: { ...REFUSAL, firstMs: HOUR, maxMs: DAY },
  // Calling on makes it worse.
  FAIR_USE: { ...REFUSAL, firstMs: HOUR, maxMs: DAY },
  MODEL_NOT_FOUND: { ...REFUSAL, scope: 'MODEL', firstMs: 10 * MINUTE, maxMs: 6 * HOUR },
  INCOMPLETE_ANSWER: { ...FAULT, firstMs: 10 * SECOND, maxMs: 2 * MINUTE },
  UPSTREAM_ERROR: { ...FAULT, firstMs: 10 * SECOND, maxMs: 2 * MINUTE },
  TIMEOUT: { ...FAULT, from: 2, firstMs: 15 * SECOND, maxMs: 5 * MINUTE },
  NETWORK: { ...FAULT, scope: 'ACCOUNT', from: 2, firstMs: 5 * SECOND, maxMs: MINUTE },
};

export interface WallContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Failures of this kind and scope in a row, this one included. */
  readonly failures: number;
  /** When the plan's used-up window starts afresh as far as its quota says; null when unknown. */
  readonly quotaResetsAt: number | null;
}

/**
 * Until when requests stay away because of a failure, in milliseconds since the epoch; null when they need not. The
 * provider's own word goes first, then what is known of the plan's windows, then pauses that grow.
 */
export function wallUntil(failure: UpstreamFailure, context: WallContext): number | null {
  const rule = RULES[failure.class];
  if (!rule || failure.scope === 'REQUEST') return null;
  const { now, failures } = context;
  const stated = failure.retryAt ?? (failure.class === 'QUOTA_EXHAUSTED' ? context.quotaResetsAt : null);
  if (stated !== null && stated > now) return Math.min(stated, now + rule.statedMaxMs);
  if (failures < rule.from) return null;
  return now + Math.min(rule.firstMs * 2 ** (failures - rule.from), rule.maxMs);
}

/** Whom a failure concerns: what the provider's words say, else what its class says. */
export function scopeOf(failure: Pick<UpstreamFailure, 'class' | 'scope'>): FailureScope {
  const scope = RULES[failure.class]?.scope;
  return scope === undefined ? 'REQUEST' : (failure.scope ?? scope);
}

/** Whether what a class keeps away may be tried all the same when nothing else is left. */
export function isSoft(failureClass: FailureClass): boolean {
  return RULES[failureClass]?.soft ?? false;
}

/** What counts towards the same row of failures: faults of any class are one kind, each refusal is its own. */
export function kindOf(failureClass: FailureClass): string {
  return isSoft(failureClass) ? 'FAULT' : failureClass;
}
