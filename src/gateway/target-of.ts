/** A route as writers of requests see it: the model, and what is particular about its provider. */
import { NO_QUIRKS, type Target } from '../protocols/target.js';
import type { RouteEntry } from '../routing/table.js';

type Served = Pick<RouteEntry, 'model' | 'offering'>;

// Entries live as long as the routing table they come from.
const targets = new WeakMap<Served, Target>();

export function targetOf(route: Served): Target {
  let target = targets.get(route);
  if (!target) targets.set(route, (target = describe(route)));
  return target;
}

function describe({ model, offering }: Served): Target {
  return {
    model: model.ref,
    upstreamId: model.upstreamId,
    maxOutputTokens: model.maxOutputTokens,
    capabilities: isDescribed(model) ? model.capabilities : [],
    quirks: offering.quirks?.(model.upstreamId) ?? NO_QUIRKS,
  };
}

/** Whether anything is known of what it can do. That it streams is said of every chat model, however new. */
function isDescribed({ capabilities }: RouteEntry['model']): boolean {
  return capabilities.some((capability) => capability !== 'STREAMING');
}
