/** Remembers where each conversation was served last, so that it stays where its prompt cache is warm. */
import { AFFINITIES_REMEMBERED_MAX, AFFINITY_TTL_MS } from '../config/routing-limits.js';
import type { Clock } from '../domain/clock.js';
import type { Affinity } from '../routing/decision.js';

/** Where the other gateways of the installation look as well. Slow or absent, it costs a warm cache and nothing else. */
export interface SharedAffinities {
  /** Null as well when it takes too long. */
  get(conversation: string): Promise<Affinity | null>;
  set(conversation: string, affinity: Affinity, ttlMs: number): void;
}

export interface Affinities {
  /** Whether other gateways may know what this one does not. */
  readonly isShared: boolean;
  /** What this gateway knows; null when the conversation is new to it or was forgotten. */
  local(conversation: string): Affinity | null;
  /** What all of them know: another gateway may have moved it since. */
  find(conversation: string): Promise<Affinity | null>;
  remember(conversation: string, affinity: Affinity): void;
}

interface Entry {
  readonly affinity: Affinity;
  /** Monotonic, like all below. */
  readonly rememberedAt: number;
  /** When the other gateways were told last. */
  readonly sharedAt: number;
}

/** What has not changed is told again as often as keeps it from being forgotten elsewhere. */
const SHARED_AGAIN_MS = AFFINITY_TTL_MS / 10;

export function createAffinities(options: {
  readonly clock: Clock;
  readonly shared: SharedAffinities | null;
}): Affinities {
  const { clock, shared } = options;
  /** Least lately used first. */
  const entries = new Map<string, Entry>();
  const keep = (conversation: string, affinity: Affinity, sharedAt: number): void => {
    entries.delete(conversation);
    entries.set(conversation, { affinity, rememberedAt: clock.monotonic(), sharedAt });
    if (entries.size <= AFFINITIES_REMEMBERED_MAX) return;
    const [oldest] = entries.keys();
    if (oldest !== undefined) entries.delete(oldest);
  };
  const entryOf = (conversation: string): Entry | null => {
    const entry = entries.get(conversation);
    return entry && clock.monotonic() - entry.rememberedAt < AFFINITY_TTL_MS ? entry : null;
  };
  return {
    isShared: shared !== null,
    local: (conversation) => entryOf(conversation)?.affinity ?? null,
    async find(conversation) {
      const found = shared && (await shared.get(conversation));
      const known = entryOf(conversation);
      if (found === null) return known?.affinity ?? null;
      // What is known here was told when it changed; what is found differs only if another gateway told something later.
      if (known === null || !isSame(known.affinity, found)) keep(conversation, found, clock.monotonic());
      return found;
    },
    remember(conversation, affinity) {
      const before = entryOf(conversation);
      const now = clock.monotonic();
      const isNews =
        before === null || !isSame(before.affinity, affinity) || now - before.sharedAt >= SHARED_AGAIN_MS;
      keep(conversation, affinity, isNews ? now : before.sharedAt);
      if (isNews) shared?.set(conversation, affinity, AFFINITY_TTL_MS);
    },
  };
}

function isSame(a: Affinity, b: Affinity): boolean {
  return a.connectionId === b.connectionId && a.modelRef === b.modelRef && a.tierSlug === b.tierSlug;
}
