/** The ways that were not taken and why, for whoever reads the headers of an answer or what was recorded of it. */
import type { UpstreamFailure } from '../domain/failure.js';
import type { SkipReason } from '../domain/vocabulary.js';
import { skipOf, type Candidate, type Hold } from '../routing/decision.js';
import type { RouteEntry } from '../routing/table.js';
import type { Ledger } from './ledger.js';

export interface PassedOverList {
  /** As `zai/coding-plan QUOTA_EXHAUSTED`, in the order met, each once. */
  readonly list: readonly string[];
  failed(route: RouteEntry, failure: UpstreamFailure): void;
  held(route: RouteEntry, hold: Hold): void;
  /** A limit closed it. */
  closed(route: RouteEntry): void;
}

/** Starts with what stood before the first usable candidate. Ways that were not tried are written to the ledger, too. */
export function passedOver(
  candidates: readonly Candidate[],
  ledger: Pick<Ledger, 'passedOver'>,
): PassedOverList {
  const list: string[] = [];
  const add = (name: string): void => {
    if (!list.includes(name)) list.push(name);
  };
  const offeringOf = ({ connection }: RouteEntry): string => `${connection.provider}/${connection.offering}`;
  const record = (modelRef: string, route: RouteEntry | null, reason: SkipReason): void =>
    ledger.passedOver({
      modelRef,
      offering: route && offeringOf(route),
      connectionId: route && route.connection.id,
      reason,
    });
  for (const { skip, route, modelRef } of candidates) {
    if (skip === null) break;
    add(`${route ? offeringOf(route) : modelRef} ${skip}`);
    record(modelRef, route, skip);
  }
  return {
    list,
    failed: (route, failure) => add(`${offeringOf(route)} ${failure.class}`),
    held(route, hold) {
      add(`${offeringOf(route)} ${hold.class}`);
      record(route.model.ref, route, skipOf(hold));
    },
    closed(route) {
      add(`${offeringOf(route)} LIMIT_REACHED`);
      record(route.model.ref, route, 'LIMIT_REACHED');
    },
  };
}
