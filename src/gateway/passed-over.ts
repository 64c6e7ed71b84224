/** The ways that were not taken and why, for whoever reads the headers of an answer. */
import type { UpstreamFailure } from '../domain/failure.js';
import type { Candidate, Hold } from '../routing/decision.js';
import type { RouteEntry } from '../routing/table.js';

export interface PassedOver {
  /** As `zai/coding-plan QUOTA_EXHAUSTED`, in the order met, each once. */
  readonly list: readonly string[];
  failed(route: RouteEntry, failure: UpstreamFailure): void;
  held(route: RouteEntry, hold: Hold): void;
  /** A limit closed it. */
  closed(route: RouteEntry): void;
}

/** Starts with what stood before the first usable candidate. */
export function passedOver(candidates: readonly Candidate[]): PassedOver {
  const list: string[] = [];
  const add = (name: string): void => {
    if (!list.includes(name)) list.push(name);
  };
  const nameOf = ({ connection }: RouteEntry): string => `${connection.provider}/${connection.offering}`;
  for (const { skip, route, modelRef } of candidates) {
    if (skip === null) break;
    add(`${route ? nameOf(route) : modelRef} ${skip}`);
  }
  return {
    list,
    failed: (route, failure) => add(`${nameOf(route)} ${failure.class}`),
    held: (route, hold) => add(`${nameOf(route)} ${hold.class}`),
    closed: (route) => add(`${nameOf(route)} LIMIT_REACHED`),
  };
}
