/** What several tests of this format need: a target, a context, streams, and events brought back to parts. */
import { readFileSync } from 'node:fs';
import type {
  AnswerPart,
  CanonicalEvent,
  CanonicalRequest,
  Finish,
} from '../../../../src/protocols/canonical.js';
import type { AnswerContext, AnswerStreamDecoder } from '../../../../src/protocols/dialect.js';
import type { Target } from '../../../../src/protocols/target.js';
import { NOTHING_STATED, type StatedUsage } from '../../../../src/protocols/usage.js';

export const TARGET: Target = {
  model: 'openai/gpt-x',
  upstreamId: 'gpt-x',
  maxOutputTokens: null,
  capabilities: [],
  quirks: {},
};

export const REQUEST: CanonicalRequest = {
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  maxOutputTokens: null,
  stop: [],
  sampling: {},
  reasoning: null,
  output: null,
  verbosity: null,
  userId: null,
  metadata: null,
  cacheKey: null,
  serviceTier: null,
  stream: true,
  wantsUsage: true,
};

export const CONTEXT: AnswerContext = {
  request: REQUEST,
  model: 'kimi/k2',
  answerId: 'resp_ours',
  createdAt: 1_760_000_000,
};

export type Fields = Readonly<Record<string, unknown>>;

export function stated(fields: Partial<StatedUsage>): StatedUsage {
  return { ...NOTHING_STATED, ...fields };
}

/** Frames as a provider sends them. */
export function streamOf(frames: readonly object[]): string {
  return frames
    .map((frame) => `event: ${(frame as { type: string }).type}\ndata: ${JSON.stringify(frame)}\n\n`)
    .join('');
}

export function recorded(): string {
  const file = new URL('../../../fixtures/streams/openai-custom-tool.1.chunks.txt', import.meta.url);
  return streamOf(
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as object),
  );
}

/** The data of every frame of a stream. */
export function dataOf(stream: string): (Fields & { readonly type: string })[] {
  return stream
    .split('\n\n')
    .filter(Boolean)
    .map((frame) => JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? 'null') as Fields & { type: string });
}

export function decode(decoder: AnswerStreamDecoder, chunks: readonly (string | Buffer)[]): CanonicalEvent[] {
  const events = chunks.flatMap((chunk) => [...decoder.push(Buffer.from(chunk))]);
  return [...events, ...decoder.end()];
}

export interface Told {
  readonly id: string | null;
  readonly parts: readonly AnswerPart[];
  readonly finish: Finish | null;
  readonly usage: StatedUsage;
}

/** The answer that a list of events tells of; fails on events that break their own rules. */
export function toldBy(events: readonly CanonicalEvent[]): Told {
  const parts = new Map<number, { part: Record<string, unknown>; open: boolean }>();
  const told = { id: null as string | null, finish: null as Finish | null, usage: NOTHING_STATED };
  const at = (number: number) => {
    const found = parts.get(number);
    if (!found?.open) throw new Error(`part ${number} is not open`);
    return found;
  };
  for (const [index, event] of events.entries()) {
    if (told.finish !== null && event.type !== 'usage') throw new Error(`${event.type} after the end`);
    switch (event.type) {
      case 'start':
        if (index !== 0) throw new Error('a start that is not the first');
        told.id = event.id;
        break;
      case 'open':
        if (event.part !== parts.size) throw new Error('parts out of order');
        parts.set(event.part, {
          open: true,
          part:
            event.opening.type === 'tool_call'
              ? { ...event.opening, input: '' }
              : { ...event.opening, text: '' },
        });
        break;
      case 'delta': {
        const { part } = at(event.part);
        const key = part['type'] === 'tool_call' ? 'input' : 'text';
        part[key] = `${String(part[key])}${event.text}`;
        break;
      }
      case 'origin':
        at(event.part).part['origin'] = event.origin;
        break;
      case 'citation': {
        const { part } = at(event.part);
        part['citations'] = [...((part['citations'] as unknown[] | undefined) ?? []), event.citation];
        break;
      }
      case 'close':
        at(event.part).open = false;
        break;
      case 'usage':
        told.usage = event.usage;
        break;
      case 'finish':
        told.finish = event.finish;
    }
  }
  return { ...told, parts: [...parts.values()].map(({ part }) => part as unknown as AnswerPart) };
}
