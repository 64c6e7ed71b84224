/** The state of this service. */
import { Ctx, Query, Resolver } from 'type-graphql';
import type { HealthState } from '../../domain/vocabulary.js';
import type { GraphqlContext, HealthCheckValue } from '../context.js';
import { SystemHealth } from './types.js';

/** From best to worst. */
const SEVERITY: readonly HealthState[] = ['HEALTHY', 'UNKNOWN', 'DEGRADED', 'UNHEALTHY'];

@Resolver(() => SystemHealth)
export class HealthResolver {
  @Query(() => SystemHealth, { description: 'State of this service and of what it depends on.' })
  async health(@Ctx() { services }: GraphqlContext): Promise<SystemHealth> {
    const checks = await services.checks();
    return {
      state: worstOf(checks),
      version: services.version,
      startedAt: services.startedAt,
      schemaHash: services.schemaHash,
      checks,
      usageRetentionDays: services.usageRetentionDays,
      liveSubscribers: services.live.subscribers,
      liveEventsDropped: services.live.dropped,
    };
  }
}

function worstOf(checks: readonly HealthCheckValue[]): HealthState {
  const worst = Math.max(0, ...checks.map(({ state }) => SEVERITY.indexOf(state)));
  return SEVERITY[worst] ?? 'UNKNOWN';
}
