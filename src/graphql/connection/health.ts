/** Health of a connection as it is shown: what was observed last, what holds traffic back, and how often it fails. */
import type { Cooldown } from '../../domain/cooldown.js';
import type { ConnectionRecord, HealthRecord } from '../../domain/records.js';
import type { FailureClass } from '../../domain/vocabulary.js';
import { exhaustionOf } from '../../routing/quota-outlook.js';
import type { GraphqlContext } from '../context.js';

export interface ShownHealth extends HealthRecord {
  /** When traffic is sent again; null when none is held back. */
  readonly cooldownUntil: number | null;
  /** 0 to 1; null without traffic. */
  readonly errorRate: number | null;
}

type Sources = Pick<GraphqlContext, 'loaders' | 'services'>;

/** Reads what belongs to a connection's health beside the connection. */
export async function healthOf(
  connection: ConnectionRecord,
  { loaders, services }: Sources,
): Promise<ShownHealth> {
  const cooldowns = await loaders.cooldowns.load(connection.id);
  return {
    ...connection.health,
    cooldownUntil: runningOf(cooldowns, null, services.clock.now())?.until ?? null,
    errorRate: services.usage.errorRate(connection.id),
  };
}

/**
 * Why a request for a model would not be accepted through a connection now; null when it would. A cool-down says so, of
 * the connection or of the model through it, and so do a connection that was found not to work and a plan that is used up.
 */
export async function whyHeldBack(
  connection: ConnectionRecord,
  modelRef: string,
  { loaders, services }: Sources,
): Promise<FailureClass | null> {
  const cooldowns = await loaders.cooldowns.load(connection.id);
  const now = services.clock.now();
  const running = runningOf(cooldowns, null, now) ?? runningOf(cooldowns, modelRef, now);
  if (running) return running.class;
  if (connection.health.state === 'UNHEALTHY') return connection.health.reason;
  if (connection.billing !== 'SUBSCRIPTION') return null;
  const readings = await loaders.quotaWindows.load(connection.id);
  return exhaustionOf(readings, modelRef, now) === null ? null : 'QUOTA_EXHAUSTED';
}

function runningOf(
  cooldowns: readonly Cooldown[],
  modelRef: string | null,
  now: number,
): Cooldown | undefined {
  return cooldowns.find((cooldown) => cooldown.modelRef === modelRef && cooldown.until > now);
}
