/** Where a prompt may be cached up to. Anthropic takes four markers, in the order tools, system, messages. */
import type { CacheMarker } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import type { Notes } from '../notes.js';
import type { Tooling } from './provider-tools.js';

/** A block as it is written, or a tool. */
export type Block = JsonObject;

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly content: readonly Block[];
}

/** What a prompt is made of. */
export interface Prompt {
  readonly tools: Tooling;
  readonly system: readonly Block[];
  readonly messages: readonly Turn[];
}

/** https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching */
const MARKERS_MAX = 4;

/** The `cache_control` of a block. */
export function writeMarker(cache: CacheMarker | undefined): JsonObject {
  if (cache === undefined) return {};
  return { cache_control: { type: 'ephemeral', ...(cache.ttl !== null && { ttl: cache.ttl }) } };
}

/**
 * The prompt with no more markers than are taken. Callers who wish for caching by a key, as other dialects have it, mean the
 * prompt as far as it stays the same: they get markers after what hardly changes and at the end.
 */
export function writeCacheMarkers(prompt: Prompt, wanted: boolean, notes: Notes): JsonObject {
  const count = allBlocks(prompt).filter(isMarked).length;
  const marked = count === 0 && wanted ? withMarkers(prompt) : prompt;
  if (count > MARKERS_MAX) notes.repair('cache_markers');
  const { tools, system, messages } = count > MARKERS_MAX ? withFewer(marked, count) : marked;
  return {
    ...(system.length > 0 && { system }),
    messages,
    ...(tools.tools.length > 0 && { tools: tools.tools }),
    ...(tools.choice !== null && { tool_choice: tools.choice }),
  };
}

function withMarkers({ tools, system, messages }: Prompt): Prompt {
  const last = messages.at(-1);
  return {
    tools: system.length > 0 ? tools : { ...tools, tools: lastMarked(tools.tools) },
    system: lastMarked(system),
    messages:
      last === undefined
        ? messages
        : [...messages.slice(0, -1), { ...last, content: lastMarked(last.content) }],
  };
}

function lastMarked(blocks: readonly Block[]): readonly Block[] {
  const last = blocks.at(-1);
  if (last === undefined || last['type'] === 'thinking' || last['type'] === 'redacted_thinking')
    return blocks;
  return [...blocks.slice(0, -1), { ...last, ...writeMarker({ ttl: null }) }];
}

/** Of too many, those in the middle go: the first keep what every turn shares, the last what this one adds. */
function withFewer(prompt: Prompt, count: number): Prompt {
  const kept = MARKERS_MAX / 2;
  let seen = 0;
  const trim = (block: Block): Block => {
    if (!isMarked(block)) return block;
    seen++;
    if (seen <= kept || seen > count - kept) return block;
    return Object.fromEntries(Object.entries(block).filter(([key]) => key !== 'cache_control'));
  };
  return {
    tools: { ...prompt.tools, tools: prompt.tools.tools.map(trim) },
    system: prompt.system.map(trim),
    messages: prompt.messages.map((turn) => ({ ...turn, content: turn.content.map(trim) })),
  };
}

function allBlocks({ tools, system, messages }: Prompt): readonly Block[] {
  return [...tools.tools, ...system, ...messages.flatMap((turn) => turn.content)];
}

function isMarked(block: Block): boolean {
  return 'cache_control' in block;
}
