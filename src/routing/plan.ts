/** Which routes a request may take, in the order to try them, in which format, and why. */
import { isChatProtocol, type WireProtocol } from '../domain/vocabulary.js';
import type { AccessKeySnapshot } from './snapshot.js';
import type { ModelEntry, RouteEntry } from './table.js';

/** A route, and the format it is called in. */
export interface PlannedRoute {
  readonly route: RouteEntry;
  readonly protocol: WireProtocol;
}

export interface RoutePlan {
  readonly routes: readonly PlannedRoute[];
  /** Why these, in a word that also goes to the client. */
  readonly reason: string;
}

export interface PlanOptions {
  /** The format the client speaks. */
  readonly protocol: WireProtocol;
  /** Whether the request can be put into another format. */
  readonly translatable: boolean;
}

/**
 * Routes of a model that was named outright: all its connections, each in the client's own format where it speaks that, so
 * that nothing needs translating, else in the one it prefers. The order stays the operator's: what a connection costs
 * matters more than which format it speaks.
 */
export function planNamedModel(entry: ModelEntry, { protocol, translatable }: PlanOptions): RoutePlan {
  const routes = entry.routes.flatMap((route) => {
    const [preferred] = translatable ? route.protocols.filter(isChatProtocol) : [];
    const chosen = route.protocols.includes(protocol) ? protocol : preferred;
    return chosen === undefined ? [] : [{ route, protocol: chosen }];
  });
  return { routes, reason: 'model_named' };
}

/** Whether a key may use a model: every one, those it names, or all of a provider it names as `provider/*`. */
export function isAllowed(key: AccessKeySnapshot, ref: string): boolean {
  if (key.allowedModels.length === 0) return true;
  return key.allowedModels.some(
    (pattern) => pattern === ref || (pattern.endsWith('/*') && ref.startsWith(pattern.slice(0, -1))),
  );
}
