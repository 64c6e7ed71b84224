/** What a reader or writer reports besides its result: names of what was dropped, and of the rules that changed something. */
import type { Dropped, Repairs } from './dialect.js';

export interface Notes {
  drop(...names: readonly string[]): void;
  repair(name: string): void;
  /** Each name once, in the order met. */
  taken(): { readonly dropped: Dropped; readonly repairs: Repairs };
}

export function createNotes(): Notes {
  const dropped = new Set<string>();
  const repairs = new Set<string>();
  return {
    drop(...names) {
      for (const name of names) dropped.add(name);
    },
    repair: (name) => void repairs.add(name),
    taken: () => ({ dropped: [...dropped], repairs: [...repairs] }),
  };
}
