/** The windows of one plan as they stand: asked of its provider, else estimated from what went through it. */
import { QUOTA_TIMEOUT_MS } from '../config/routing-limits.js';
import { askProvider, withoutSecret, type ProviderAccess } from '../discovery/ask-provider.js';
import type { Clock } from '../domain/clock.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { ConnectionRecord } from '../domain/records.js';
import type { MeasurementSource } from '../domain/vocabulary.js';
import type { Sql } from '../persistence/sql.js';
import { judgeProbe } from '../providers/failure.js';
import type { QuotaSource, QuotaStatement } from '../providers/plan-quota.js';
import type { HttpGet } from '../upstream/http-get.js';
import { estimateWindows } from './estimate.js';

export type StatedQuota =
  | ({ readonly ok: true; readonly source: MeasurementSource } & QuotaStatement)
  | { readonly ok: false; readonly failure: UpstreamFailure };

export interface StateQuotaDeps {
  readonly http: HttpGet;
  readonly clock: Clock;
  readonly sql: Sql;
}

/** A plan whose quota can be neither read nor estimated has no windows. */
export async function stateQuota(
  deps: StateQuotaDeps,
  access: ProviderAccess,
  connection: Pick<ConnectionRecord, 'id' | 'workspaceId' | 'planCode'>,
  signal?: AbortSignal,
): Promise<StatedQuota> {
  const { offering } = access;
  if (offering.quota) return readQuota(deps, access, offering.quota, connection.planCode, signal);
  const published = (connection.planCode && offering.publishedWindows?.[connection.planCode]) || [];
  const windows = await estimateWindows(deps.sql, connection, published, deps.clock.now());
  return { ok: true, source: 'ESTIMATED', windows, active: null };
}

/** Makes the calls in their order and stops at the first failure. */
export async function readQuota(
  deps: Pick<StateQuotaDeps, 'http' | 'clock'>,
  access: ProviderAccess,
  quota: QuotaSource,
  planCode: string | null,
  signal?: AbortSignal,
): Promise<StatedQuota> {
  const { offering, secret, settings } = access;
  const deadline = deps.clock.monotonic() + QUOTA_TIMEOUT_MS;
  const bodies: unknown[] = [];
  for (const probe of quota.probes) {
    const timeoutMs = Math.max(1, Math.round(deadline - deps.clock.monotonic()));
    const asked = await askProvider(deps, access, probe, timeoutMs, signal);
    const failure =
      'failure' in asked ? asked.failure : judgeProbe(offering, probe, asked.answer, asked.answer.hints);
    if (failure?.class === 'PLAN_INACTIVE') {
      return { ok: true, source: 'REPORTED', windows: [], active: false };
    }
    if (failure) return { ok: false, failure: withoutSecret(failure, secret) };
    if ('answer' in asked) bodies.push(parseJson(asked.answer.bodyText));
  }
  const now = deps.clock.now();
  const statement = quota.parse(bodies, { now, region: settings.region, planCode });
  if (statement.windows.length > 0 || statement.active === false) {
    return { ok: true, source: 'REPORTED', ...statement };
  }
  return { ok: false, failure: UNREADABLE };
}

const UNREADABLE: UpstreamFailure = {
  class: 'INCOMPLETE_ANSWER',
  httpStatus: 200,
  message: 'The provider answered with something in which no quota windows can be recognised.',
  retryAt: null,
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
