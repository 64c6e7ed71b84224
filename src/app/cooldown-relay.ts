/** What the supervisor remembers of cool-downs, so that a process that was started again finds out what the others know. */
import { COOLDOWNS_REMEMBERED_MAX } from '../config/routing-limits.js';
import { keyOfChange, timeOfChange, type CooldownChange } from '../domain/cooldown.js';

export interface CooldownRelay {
  /** Takes a change; false when something later is known of the same. */
  take(change: CooldownChange): boolean;
  /** The latest change of each scope, without those that mean nothing any more. */
  all(now: number): readonly CooldownChange[];
}

export function createCooldownRelay(): CooldownRelay {
  /** Those that changed longest ago come first. */
  const latest = new Map<string, CooldownChange>();
  return {
    take(change) {
      const key = keyOfChange(change);
      const known = latest.get(key);
      if (known && timeOfChange(known) > timeOfChange(change)) return false;
      latest.delete(key);
      latest.set(key, change);
      const [oldest] = latest.keys();
      if (latest.size > COOLDOWNS_REMEMBERED_MAX && oldest !== undefined) latest.delete(oldest);
      return true;
    },
    all(now) {
      for (const [key, change] of latest) {
        if (change.kind === 'began' && change.cooldown.until <= now) latest.delete(key);
      }
      return [...latest.values()];
    },
  };
}
