/** Watches a chat completion stream: usage wherever it is stated, errors, the first content, the proper end. */
import { STREAM_FRAME_MAX_BYTES } from '../../config/limits.js';
import { withoutUsage } from './hide-usage.js';
import type { StreamReader, StreamReaderOptions } from '../protocol.js';
import { createFrameSplitter, dataOf } from '../sse.js';
import { mergeUsage, NOTHING_STATED, type StatedUsage } from '../usage.js';
import { usageOfFrame } from './usage.js';

const DONE = '[DONE]';
// Inside a JSON string the quotes would be escaped, so text about usage does not match. `"usage":null` does not either.
const WORTH_READING = /"usage":\s*\{|\[DONE\]|"error"\s*:|"finish_reason":\s*"/;
const CONTENT = /"(?:content|reasoning_content|reasoning|refusal)":\s*"[^"]|"tool_calls":\s*\[\s*\{|"function_call":\s*\{/;
const EMPTY = Buffer.alloc(0);

export function createStreamReader(options: StreamReaderOptions): StreamReader {
  const splitter = createFrameSplitter(STREAM_FRAME_MAX_BYTES);
  let usage: StatedUsage = NOTHING_STATED;
  let opened = false;
  let contentFrames = 0;
  let finished = false;
  let closed = false;
  let errorData: string | null = null;

  /** Reads one whole frame and returns what of it the caller may see. */
  const readFrame = (frame: Buffer): Buffer => {
    const text = frame.toString('latin1');
    opened ||= text.includes('data:');
    if (CONTENT.test(text)) contentFrames++;
    if (!WORTH_READING.test(text)) return frame;
    const data = dataOf(frame);
    if (data === null) return frame;
    if (data.trim() === DONE) {
      finished = true;
      closed = true;
      return frame;
    }
    const parsed = parse(data);
    if (parsed === undefined) return frame;
    if (isError(parsed)) {
      errorData ??= data;
      return frame;
    }
    if (hasFinishReason(parsed)) finished = true;
    const stated = usageOfFrame(parsed);
    if (stated === NOTHING_STATED) return frame;
    usage = mergeUsage(usage, stated);
    return options.hideUsage ? withoutUsage(frame, data) : frame;
  };

  return {
    get usage() {
      return usage;
    },
    get opened() {
      return opened;
    },
    get contentFrames() {
      return contentFrames;
    },
    get finished() {
      return finished;
    },
    get closed() {
      return closed;
    },
    get errorData() {
      return errorData;
    },
    mayEnd: (chunk) => chunk.includes(DONE),
    push(chunk) {
      if (!options.hideUsage) {
        splitter.push(chunk, readFrame);
        return chunk;
      }
      const seen: Buffer[] = [];
      splitter.push(chunk, (frame) => seen.push(readFrame(frame)));
      return seen.length === 1 ? (seen[0] ?? EMPTY) : Buffer.concat(seen);
    },
    end() {
      const seen: Buffer[] = [];
      splitter.end((frame) => seen.push(readFrame(frame)));
      return options.hideUsage ? Buffer.concat(seen) : EMPTY;
    },
  };
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    // A frame that is not JSON is the client's to judge; there is nothing in it for us.
    return undefined;
  }
}

function isError(frame: unknown): boolean {
  const error = (frame as { error?: unknown } | null)?.error;
  return error !== undefined && error !== null;
}

function hasFinishReason(frame: unknown): boolean {
  const choices = (frame as { choices?: unknown } | null)?.choices;
  return Array.isArray(choices) && choices.some((choice: { finish_reason?: unknown } | null) => choice?.finish_reason);
}
