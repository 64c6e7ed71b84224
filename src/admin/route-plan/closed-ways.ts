/** Which ways limits close to a request, as recorded: for dry runs, which count nowhere. */
import { boundsOf, reachedLimit, type Traffic } from '../../admission/bounds.js';
import { nameOf, type WindowCounter } from '../../admission/counter.js';
import { toAmount } from '../../admission/figures.js';
import { isSummed } from '../../domain/limits.js';
import type { Database } from '../../persistence/database.js';
import { measureHours } from '../../persistence/limits.js';
import type { AccessKeySnapshot, WorkspaceSnapshot } from '../../routing/snapshot.js';
import type { Decision } from '../../routing/decision.js';
import type { RouteEntry } from '../../routing/table.js';

const NOTHING = { REQUESTS: 0, TOKENS: 0, COST_USD: 0 };

/** Whether a way is closed by a limit or by the key's budget. Rates are not looked at: they pass within a minute. */
export async function closedWays(
  database: Database,
  { id: workspaceId, limits = [] }: WorkspaceSnapshot,
  key: AccessKeySnapshot | null,
  { candidates, tier }: Decision,
  now: number,
): Promise<(route: RouteEntry) => boolean> {
  const trafficOf = ({ connection }: RouteEntry): Traffic => ({
    accessKeyId: key?.id ?? null,
    tierId: tier?.tier.id ?? null,
    provider: connection.provider,
    connectionId: connection.id,
  });
  const windowsOf = (route: RouteEntry) =>
    boundsOf({ workspaceId, key, limits, traffic: trafficOf(route), now, figures: NOTHING }).flatMap(
      ({ counter, max }) => (counter.kind === 'WINDOW' ? [{ counter, max }] : []),
    );
  const routes = candidates.flatMap(({ route }) => route ?? []);
  const counters = new Map<string, WindowCounter>();
  for (const { counter } of routes.flatMap(windowsOf)) counters.set(nameOf(counter), counter);
  const sums = await measureHours(database, [...counters.values()]);
  const used = new Map(
    [...counters].map(([name, { metric }], place) => {
      const { costNanoUsd, tokens, requests } = sums[place] ?? { costNanoUsd: 0n, tokens: 0n, requests: 0n };
      return [name, toAmount({ COST_USD: costNanoUsd, TOKENS: tokens, REQUESTS: requests }[metric])];
    }),
  );
  const measured = limits.filter(({ metric }) => !isSummed(metric));
  return (route) =>
    reachedLimit(measured, trafficOf(route), now) !== null ||
    windowsOf(route).some(({ counter, max }) => (used.get(nameOf(counter)) ?? 0) >= max);
}
