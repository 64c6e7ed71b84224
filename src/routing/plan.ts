/** What a key may use, and the routes that are taken. */
import type { WireProtocol } from '../domain/vocabulary.js';
import type { AccessKeySnapshot } from './snapshot.js';
import type { RouteEntry, TierEntry } from './table.js';

/** A route, and the format it is called in. */
export interface PlannedRoute {
  readonly route: RouteEntry;
  readonly protocol: WireProtocol;
}

/** Whether a key may use a model: every one, those it names, or all of a provider it names as `provider/*`. */
export function isAllowed(key: AccessKeySnapshot, ref: string): boolean {
  if (key.allowedModels.length === 0) return true;
  return key.allowedModels.some(
    (pattern) => pattern === ref || (pattern.endsWith('/*') && ref.startsWith(pattern.slice(0, -1))),
  );
}

/** Whether a key may use a tier: every one, or those it names. */
export function isTierAllowed({ allowedTiers }: AccessKeySnapshot, { tier }: TierEntry): boolean {
  return allowedTiers.length === 0 || allowedTiers.includes(tier.id);
}
