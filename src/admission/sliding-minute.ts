/** A sum over the last sixty seconds, kept in quarter seconds: a limit holds for every minute, not for minutes of the clock only. */

export const MINUTE_MS = 60_000;
export const SLOT_MS = 250;

export interface SlidingMinute {
  total(now: number): number;
  add(now: number, amount: number): void;
  /** Changes what was added at a moment, as long as that counts. */
  correct(at: number, amount: number): void;
  /** When `amount` will fit below `max`, or when nothing is left if it never fits. */
  roomAt(now: number, amount: number, max: number): number;
}

export function createSlidingMinute(): SlidingMinute {
  /** By slot, oldest first. */
  const slots = new Map<number, number>();
  const slotOf = (time: number): number => Math.floor(time / SLOT_MS);
  const forget = (now: number): void => {
    for (const slot of slots.keys()) {
      if (leavesAt(slot) > now) break;
      slots.delete(slot);
    }
  };
  const total = (now: number): number => {
    forget(now);
    let sum = 0;
    for (const amount of slots.values()) sum += amount;
    return sum;
  };
  return {
    total,
    add(now, amount) {
      const slot = slotOf(now);
      slots.set(slot, (slots.get(slot) ?? 0) + amount);
    },
    correct(at, amount) {
      const before = slots.get(slotOf(at));
      if (before !== undefined) slots.set(slotOf(at), before + amount);
    },
    roomAt(now, amount, max) {
      let left = total(now);
      let at = now;
      for (const [slot, used] of slots) {
        if (left + amount <= max) break;
        left -= used;
        at = leavesAt(slot);
      }
      return at;
    },
  };
}

/** A slot counts until its last moment is a minute ago. */
function leavesAt(slot: number): number {
  return (slot + 1) * SLOT_MS + MINUTE_MS;
}
