/**
 * A connection's health as its provider shows it. The rule: health is what was observed last about the connection as a
 * whole, by a check (a verification, a listing of models) or by traffic (a cool-down of the whole connection that began,
 * a request that went through). `UNHEALTHY` stays until somebody acts or a request goes through all the same; `DEGRADED`
 * passes by itself, and is `UNKNOWN` from the end of the cool-down until the next observation. What concerns one model
 * only is in that model's availability.
 */
import type { UpstreamFailure } from '../domain/failure.js';
import type { HealthRecord } from '../domain/records.js';
import type { FailureClass, HealthState } from '../domain/vocabulary.js';
import type { OfferingDefinition } from '../providers/define-provider.js';

/** Failures that say the connection cannot serve at all; the others may pass by themselves. */
const UNHEALTHY: ReadonlySet<FailureClass> = new Set([
  'AUTHENTICATION',
  'PLAN_INACTIVE',
  'BILLING',
  'FAIR_USE',
  'CLIENT_REFUSED',
  'NETWORK',
  'TIMEOUT',
]);
/** Failures that any answer of the provider disproves. */
const REACHABILITY: ReadonlySet<FailureClass> = new Set([
  'NETWORK',
  'TIMEOUT',
  'UPSTREAM_ERROR',
  'INCOMPLETE_ANSWER',
  'RATE_LIMITED',
]);

/** Health after a credential was put to the proof. */
export function healthAfterProbe(failure: UpstreamFailure | null, now: number): HealthRecord {
  return {
    state: failure === null ? 'HEALTHY' : stateFor(failure.class),
    reason: failure?.class ?? null,
    message: failure?.message ?? null,
    checkedAt: now,
  };
}

/** Health after the models were asked for; null when that shows nothing new. */
export function healthAfterListing(
  offering: OfferingDefinition,
  failure: UpstreamFailure | null,
  before: HealthRecord,
  now: number,
): HealthRecord | null {
  if (failure !== null) return healthAfterProbe(failure, now);
  const { models } = offering;
  if (models.kind === 'curated') return null;
  // Some lists are public: an answer then proves that the provider is there, not that the credential is good.
  const proven = offering.verify.length === 1 && offering.verify[0].url === models.url;
  const disproven = before.reason !== null && REACHABILITY.has(before.reason);
  return proven || disproven ? healthAfterProbe(null, now) : null;
}

/** Whether the provider says the plan is in force; null when it does not say. */
export function planActiveAfterProbe(
  offering: OfferingDefinition,
  failure: UpstreamFailure | null,
): boolean | null {
  if (offering.billing !== 'SUBSCRIPTION') return null;
  if (failure?.class === 'PLAN_INACTIVE') return false;
  return failure === null && offering.reportsQuota ? true : null;
}

/** State while a cool-down of the whole connection lasts. Traffic goes on trying what is only out of reach. */
export function healthStateAfterTraffic(failureClass: FailureClass): HealthState {
  return REACHABILITY.has(failureClass) ? 'DEGRADED' : stateFor(failureClass);
}

function stateFor(failureClass: FailureClass): HealthState {
  return UNHEALTHY.has(failureClass) ? 'UNHEALTHY' : 'DEGRADED';
}
