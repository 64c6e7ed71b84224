/**
 * Writes answers as a messages stream. Anthropic's blocks are strictly ordered: one is open at a time and their numbers
 * have no gaps. What arrives for a later part waits until the earlier one is closed.
 */
import type { CanonicalEvent, Finish, PartOpening } from '../canonical.js';
import type { AnswerContext, AnswerStreamWriter, JsonObject } from '../dialect.js';
import { sealText } from '../reasoning-seal.js';
import { NOTHING_STATED, tokensOf, type StatedUsage } from '../usage.js';
import { writeCitation } from './citations.js';
import { errors } from './failure.js';
import { stopReasonOf } from './finish.js';
import { writeUsage } from './usage.js';

/** Events that belong to one part. */
type PartEvent = Extract<CanonicalEvent, { readonly part: number }>;

const PING = frame({ type: 'ping' });
const NO_REASON: Finish = { reason: 'stop', stopSequence: null };

export function createStreamWriter(context: AnswerContext): AnswerStreamWriter {
  let started = false;
  let ended = false;
  let usage: StatedUsage = NOTHING_STATED;
  let finish = NO_REASON;
  const held = { refusal: false, call: false };
  const blocks: Blocks = { next: 0, seals: [] };
  /** The part being written. */
  let current: { readonly part: number; readonly writer: BlockWriter } | null = null;
  /** Events of parts that wait for their turn, by part, in the order they opened. */
  const waiting = new Map<number, PartEvent[]>();

  const start = (id: string | null): string => {
    if (started) return '';
    started = true;
    return frame({
      type: 'message_start',
      message: {
        id: id ?? context.answerId,
        type: 'message',
        role: 'assistant',
        model: context.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: writeUsage(usage),
      },
    });
  };

  /** Writes an event of the current part, or makes its part the current one. */
  const writeNow = (event: PartEvent): string => {
    if (event.type === 'open') {
      current = { part: event.part, writer: createBlockWriter(event.opening, blocks) };
      return current.writer.open();
    }
    if (current?.part !== event.part) return '';
    if (event.type !== 'close') return current.writer.write(event);
    const frames = current.writer.close();
    current = null;
    return frames + writeWaiting();
  };

  const writeWaiting = (): string => {
    const [next] = waiting;
    if (next === undefined) return '';
    waiting.delete(next[0]);
    return next[1].map(writeNow).join('');
  };

  const writePart = (event: PartEvent): string => {
    if (event.type === 'open') {
      held.refusal ||= event.opening.type === 'refusal';
      held.call ||= event.opening.type === 'tool_call';
    }
    if (current === null || current.part === event.part) return writeNow(event);
    const queue = waiting.get(event.part);
    if (queue !== undefined) queue.push(event);
    else if (event.type === 'open') waiting.set(event.part, [event]);
    return '';
  };

  const write = (event: CanonicalEvent): string => {
    switch (event.type) {
      case 'start':
        return start(event.id);
      case 'usage':
        usage = event.usage;
        return '';
      case 'finish':
        finish = event.finish;
        return '';
      default:
        return start(null) + writePart(event);
    }
  };

  return {
    write: (events) => (ended ? '' : events.map(write).join('')),
    end() {
      if (ended) return '';
      ended = true;
      let frames = start(null);
      while (current !== null) frames += writeNow({ type: 'close', part: current.part });
      if (blocks.next === 0) frames += sealedBlocks(blocks);
      const delta = { stop_reason: stopReasonOf(finish, held), stop_sequence: finish.stopSequence };
      // Running totals: what was not known at the start is stated here for the whole message.
      const totals = tokensOf(usage) === null ? { output_tokens: 0 } : writeUsage(usage);
      return (
        frames + frame({ type: 'message_delta', delta, usage: totals }) + frame({ type: 'message_stop' })
      );
    },
    fail(error) {
      if (ended) return '';
      ended = true;
      return errors.frame(error);
    },
    ping: () => PING,
  };
}

/** The blocks of one message. */
interface Blocks {
  next: number;
  /**
   * Seals without words. They wait for a block to stand before: clients take the last block for the answer, and a seal that
   * nothing follows has nothing to be kept for.
   */
  readonly seals: string[];
}

function sealedBlocks(blocks: Blocks): string {
  return blocks.seals
    .splice(0)
    .map((data) => {
      const index = blocks.next++;
      const start = {
        type: 'content_block_start',
        index,
        content_block: { type: 'redacted_thinking', data },
      };
      return frame(start) + frame({ type: 'content_block_stop', index });
    })
    .join('');
}

interface BlockWriter {
  open(): string;
  write(event: Exclude<PartEvent, { readonly type: 'open' | 'close' }>): string;
  close(): string;
}

/**
 * One block. A call starts at once; of the others it is not known before the first piece whether there is anything to
 * them (an empty text must not be sent back), nor whether a thought is readable or only sealed.
 */
function createBlockWriter(opening: PartOpening, blocks: Blocks): BlockWriter {
  let index: number | null = null;
  let empty = true;
  let seal = '';

  const begin = (block: JsonObject): string => {
    if (index !== null) return '';
    const before = sealedBlocks(blocks);
    index = blocks.next++;
    return before + frame({ type: 'content_block_start', index, content_block: block });
  };
  const more = (delta: JsonObject): string => frame({ type: 'content_block_delta', index, delta });

  return {
    open() {
      if (opening.type !== 'tool_call') return '';
      return begin({ type: 'tool_use', id: opening.id, name: opening.name, input: {} });
    },
    write(event) {
      if (event.type === 'origin') {
        if (opening.type === 'reasoning') seal = sealText(event.origin);
        return '';
      }
      if (event.type === 'citation') {
        if (opening.type !== 'text') return '';
        return (
          begin(emptyBlock(opening)) +
          more({ type: 'citations_delta', citation: writeCitation(event.citation) })
        );
      }
      if (event.text === '') return '';
      empty = false;
      return begin(emptyBlock(opening)) + more(deltaOf(opening, event.text));
    },
    close() {
      let frames = '';
      if (opening.type === 'tool_call' && empty) frames += more(deltaOf(opening, '{}'));
      if (seal !== '') {
        if (index === null) blocks.seals.push(seal);
        else frames += more({ type: 'signature_delta', signature: seal });
      }
      return index === null ? '' : frames + frame({ type: 'content_block_stop', index });
    },
  };
}

function emptyBlock(opening: PartOpening): JsonObject {
  return opening.type === 'reasoning'
    ? { type: 'thinking', thinking: '', signature: '' }
    : { type: 'text', text: '' };
}

function deltaOf(opening: PartOpening, text: string): JsonObject {
  switch (opening.type) {
    case 'reasoning':
      return { type: 'thinking_delta', thinking: text };
    case 'tool_call':
      return { type: 'input_json_delta', partial_json: text };
    case 'text':
    case 'refusal':
      return { type: 'text_delta', text };
  }
}

/** The event's name is its type: clients pass over frames without one. */
function frame(event: JsonObject & { readonly type: string }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
