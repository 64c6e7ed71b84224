/** Which routes a request may take, in the order to try them, and why. */
import type { WireProtocol } from '../domain/vocabulary.js';
import type { AccessKeySnapshot } from './snapshot.js';
import type { ModelEntry, RouteEntry } from './table.js';

export interface RoutePlan {
  readonly routes: readonly RouteEntry[];
  /** Why these, in a word that also goes to the client. */
  readonly reason: string;
}

/** Routes of a model that was named outright: all its connections that speak the client's format. */
export function planNamedModel(entry: ModelEntry, protocol: WireProtocol): RoutePlan {
  return {
    routes: entry.routes.filter((route) => route.protocols.includes(protocol)),
    reason: 'model_named',
  };
}

/** Whether a key may use a model: every one, those it names, or all of a provider it names as `provider/*`. */
export function isAllowed(key: AccessKeySnapshot, ref: string): boolean {
  if (key.allowedModels.length === 0) return true;
  return key.allowedModels.some(
    (pattern) => pattern === ref || (pattern.endsWith('/*') && ref.startsWith(pattern.slice(0, -1))),
  );
}
