/** The conditions of a decision as far as they are stored: what the gateways start from when they know nothing more recent. */
import type { Conditions, Hold } from '../../routing/decision.js';
import type { ConnectionSnapshot, WorkspaceSnapshot } from '../../routing/snapshot.js';
import { isSoft } from '../../routing/walls.js';

/** No speed and no conversation is known: those are the gateways' own. */
export function storedConditions({ connections }: WorkspaceSnapshot, now: number): Conditions {
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  return {
    now,
    hold: (connectionId, modelRef) => holdOf(byId.get(connectionId), modelRef, now),
    quota: (connectionId) => byId.get(connectionId)?.quota ?? [],
    firstTokenMs: () => null,
    affinity: null,
  };
}

/** The connection's and the model's have both to be over; a refusal weighs more than a fault. */
function holdOf(connection: ConnectionSnapshot | undefined, modelRef: string, now: number): Hold | null {
  const cooldowns = (connection?.cooldowns ?? []).filter(
    (cooldown) =>
      (cooldown.modelRef === null || cooldown.modelRef === modelRef) &&
      cooldown.until > now &&
      cooldown.since > (connection?.cooldownsClearedAt ?? 0),
  );
  const gravest = cooldowns.find((cooldown) => !isSoft(cooldown.class)) ?? cooldowns[0];
  return gravest
    ? {
        class: gravest.class,
        until: Math.max(...cooldowns.map(({ until }) => until)),
        soft: isSoft(gravest.class),
      }
    : null;
}
