/** Our own headers on an answer: who served it, and what became of the request on its way. */
import type { PlannedRoute } from '../routing/plan.js';
import type { Routed } from './live-routing.js';
import type { PassedOverList } from './passed-over.js';
import type { Prepared } from './prepare.js';
import type { HeaderList } from './reply.js';

export interface ServedBy {
  readonly planned: PlannedRoute;
  readonly routed: Pick<Routed, 'decision'>;
  readonly attempts: number;
  readonly over?: Pick<PassedOverList, 'list'>;
  readonly prepared?: Pick<Prepared, 'dropped' | 'repairs'>;
}

/** Longest list of names in a header; a request may hold any number of fields that mean nothing. */
const NAMES_MAX_CHARS = 2_000;

export function routeHeaders({ planned, routed, attempts, over, prepared }: ServedBy): HeaderList {
  const { model, connection } = planned.route;
  const { provider, offering, id } = connection;
  const headers = [
    'x-switchyard-model',
    headerSafe(model.ref),
    'x-switchyard-provider',
    provider,
    'x-switchyard-offering',
    `${provider}/${offering}`,
    'x-switchyard-connection',
    id,
    'x-switchyard-attempts',
    String(attempts),
    ...tierHeaders(routed),
  ];
  if (over && over.list.length > 0) headers.push('x-switchyard-passed-over', namesIn(over.list));
  if (prepared && prepared.dropped.length > 0)
    headers.push('x-switchyard-dropped', namesIn(prepared.dropped));
  if (prepared && prepared.repairs.length > 0)
    headers.push('x-switchyard-repaired', namesIn(prepared.repairs));
  return headers;
}

/** What the request was taken for, whoever serves it. */
export function tierHeaders({ decision: { tier, reason } }: Pick<Routed, 'decision'>): HeaderList {
  const headers = ['x-switchyard-reason', reason];
  if (tier !== null) headers.push('x-switchyard-tier', tier.tier.slug);
  return headers;
}

/** Each name once, as far as they fit. */
function namesIn(names: readonly string[]): string {
  let list = '';
  for (const name of new Set(names)) {
    const next = headerSafe(name).replaceAll(',', '%2C');
    if (list.length + next.length > NAMES_MAX_CHARS) return `${list}, ...`;
    list = list === '' ? next : `${list}, ${next}`;
  }
  return list;
}

const LONE_SURROGATE = /\p{Surrogate}/gu;

// Upstream ids are the providers' and names of fields the callers': they may hold what a header may not.
function headerSafe(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURI(text.replace(LONE_SURROGATE, '?'));
}
