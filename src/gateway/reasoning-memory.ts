/**
 * Thoughts kept for callers that do not carry them. Some providers want to be shown what their model thought when it called
 * a tool, and most clients have no place for that. A thought is found again only by who got it, in the conversation it
 * belongs to and for the model it is from. The memory is this process's own and may be lost: then a turn goes without.
 */
import { createHash } from 'node:crypto';
import {
  REASONING_MEMORY_MAX_BYTES,
  REASONING_MEMORY_MAX_ENTRIES,
  REASONING_MEMORY_TTL_MS,
} from '../config/limits.js';
import type { Clock } from '../domain/clock.js';
import type { ReasoningOrigin, ReasoningPart } from '../protocols/canonical.js';
import { plainToolId } from '../protocols/repairs.js';
import { createBoundedMap } from './bounded-map.js';

/** What a model thought before it called a tool, and the seal on the call itself. */
export interface RememberedCall {
  readonly thoughts: readonly ReasoningPart[];
  readonly origin: ReasoningOrigin | null;
}

/** Whose memory is asked. */
export interface MemoryScope {
  readonly workspaceId: string;
  readonly accessKeyId: string;
  /** Only asked for when a call is looked up. */
  readonly conversation: () => string;
  /** Reference of the model. */
  readonly model: string;
}

/** What is remembered in one scope. */
export interface ScopedMemory {
  remember(callId: string, call: RememberedCall): void;
  recall(callId: string): RememberedCall | undefined;
  /** Notes whose seal a seal is. */
  noteSeal(seal: string): void;
  /** Whether a seal is known to be another model's. */
  isForeign(seal: string): boolean;
}

export interface ReasoningMemory {
  /** Whether nothing at all is remembered, so that looking would be in vain. */
  readonly isEmpty: boolean;
  within(scope: MemoryScope): ScopedMemory;
}

export interface ReasoningMemoryOptions {
  readonly clock: Clock;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
  readonly ttlMs?: number;
}

/** About what an entry costs besides its text. */
const ENTRY_BYTES = 200;
/** A character takes up to two bytes in memory. */
const CHAR_BYTES = 2;

export function createReasoningMemory(options: ReasoningMemoryOptions): ReasoningMemory {
  const bounds = {
    maxEntries: options.maxEntries ?? REASONING_MEMORY_MAX_ENTRIES,
    maxBytes: options.maxBytes ?? REASONING_MEMORY_MAX_BYTES,
    ttlMs: options.ttlMs ?? REASONING_MEMORY_TTL_MS,
    now: () => options.clock.monotonic(),
  };
  const calls = createBoundedMap<RememberedCall>(bounds);
  /** The model each seal is from. */
  const seals = createBoundedMap<string>(bounds);
  return {
    get isEmpty() {
      return calls.size === 0 && seals.size === 0;
    },
    within({ workspaceId, accessKeyId, conversation, model }) {
      // A NUL stands in none of them but perhaps the last.
      const owner = `${workspaceId}\0${accessKeyId}\0`;
      // Clients hand back ids in the form their dialect allows.
      const keyOf = (callId: string): string => `${owner}${conversation()}\0${model}\0${plainToolId(callId)}`;
      const sealKey = (seal: string): string => owner + createHash('sha256').update(seal).digest('base64url');
      return {
        remember(callId, call) {
          const key = keyOf(callId);
          calls.set(key, call, ENTRY_BYTES + CHAR_BYTES * (key.length + charsOf(call)));
        },
        recall: (callId) => calls.get(keyOf(callId)),
        noteSeal(seal) {
          const key = sealKey(seal);
          seals.set(key, model, ENTRY_BYTES + CHAR_BYTES * key.length);
        },
        isForeign(seal) {
          const from = seals.get(sealKey(seal));
          return from !== undefined && from !== model;
        },
      };
    },
  };
}

function charsOf({ thoughts, origin }: RememberedCall): number {
  let chars = origin?.signature?.length ?? 0;
  for (const thought of thoughts) chars += thought.text.length + (thought.origin.signature?.length ?? 0);
  return chars;
}
