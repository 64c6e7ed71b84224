/** Times during which no traffic is sent somewhere, because of what it answered before. */
import type { FailureClass } from './vocabulary.js';

/** A time during which no traffic is sent. Remembered across restarts and by every gateway. */
export interface Cooldown {
  /** Reference of the one model it holds for; null for the whole connection. */
  readonly modelRef: string | null;
  readonly class: FailureClass;
  /** Milliseconds since the epoch, as all below. */
  readonly until: number;
  readonly since: number;
  /** Failures in a row that led to it; what the next one's length grows by. */
  readonly failures: number;
}

/** What one gateway found out that the other gateways and the database want to know. */
export type CooldownChange = CooldownBegan | CooldownEnded;

export interface CooldownBegan {
  readonly kind: 'began';
  readonly connectionId: string;
  readonly cooldown: Cooldown;
  /** The failure in words, without secrets. */
  readonly message: string;
}

/** A request went through: what was held against the connection, or against the model through it, is over. */
export interface CooldownEnded {
  readonly kind: 'ended';
  readonly connectionId: string;
  readonly modelRef: string | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Names what a change is about: two changes with the same key are two states of one thing, of which the later one counts. */
function cooldownKey(connectionId: string, modelRef: string | null): string {
  return `${connectionId} ${modelRef ?? ''}`;
}

/** The same of a change. */
export function keyOfChange(change: CooldownChange): string {
  const modelRef = change.kind === 'began' ? change.cooldown.modelRef : change.modelRef;
  return cooldownKey(change.connectionId, modelRef);
}

/** When a change came about. */
export function timeOfChange(change: CooldownChange): number {
  return change.kind === 'began' ? change.cooldown.since : change.at;
}
