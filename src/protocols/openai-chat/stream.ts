/** Watches a chat completion stream: usage wherever it is stated, errors, content, the proper end. */
import { STREAM_FRAME_MAX_BYTES } from '../../config/limits.js';
import type { StreamReader, StreamReaderOptions } from '../protocol.js';
import { countOccurrences, createFrameScanner, dataOf } from '../sse.js';
import { newStreamState } from '../stream-state.js';
import { mergeUsage, NOTHING_STATED } from '../usage.js';
import { withoutUsage } from './hide-usage.js';
import { usageOfFrame } from './usage.js';

const DONE = '[DONE]';
// Inside a JSON string the quotes would be escaped, so text about usage does not match. `"usage":null` does not either.
const WORTH_READING = /"usage"\s*:\s*\{|\[DONE\]|"error"\s*:|"finish_reason":\s*"/g;
const CONTENT =
  /"(?:content|reasoning_content|reasoning|refusal)":\s*"[^"]|"tool_calls":\s*\[\s*\{|"function_call":\s*\{/;
const DELTA = '"delta"';
const EMPTY = Buffer.alloc(0);

export function createStreamReader({ hideUsage }: StreamReaderOptions): StreamReader {
  const state = newStreamState();

  const onText = (text: string): void => {
    state.opened ||= text.includes('data:');
    // Only the first content needs telling apart from a frame that merely opens the answer; the rest is an estimate.
    const from = state.contentFrames > 0 ? 0 : text.search(CONTENT);
    if (from >= 0)
      state.contentFrames += Math.max(1, countOccurrences(from === 0 ? text : text.slice(from), DELTA));
  };
  const visit = (frame: Buffer): Buffer => {
    const data = dataOf(frame);
    if (data === null) return frame;
    if (data.trim() === DONE) {
      state.finished = state.closed = true;
      return frame;
    }
    const parsed = parse(data);
    if (isError(parsed)) {
      state.errorData ??= data;
      return frame;
    }
    if (hasFinishReason(parsed)) state.finished = true;
    const stated = usageOfFrame(parsed);
    if (stated === NOTHING_STATED) return frame;
    state.usage = mergeUsage(state.usage, stated);
    return hideUsage ? withoutUsage(frame, data) : frame;
  };
  const scanner = createFrameScanner({
    // An expression with the global flag carries its place: each stream needs its own.
    marker: new RegExp(WORTH_READING),
    visit,
    onText,
    maxFrameBytes: STREAM_FRAME_MAX_BYTES,
  });

  return Object.assign(state, {
    mayEnd: (chunk: Buffer) => chunk.includes(DONE),
    push(chunk: Buffer) {
      const complete = scanner.push(chunk);
      return hideUsage ? complete : chunk;
    },
    end() {
      const rest = scanner.end();
      return hideUsage ? rest : EMPTY;
    },
  });
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    // A frame that is not JSON is the client's to judge; there is nothing in it for us.
    return null;
  }
}

function isError(frame: unknown): boolean {
  const error = (frame as { error?: unknown } | null)?.error;
  return error !== undefined && error !== null;
}

function hasFinishReason(frame: unknown): boolean {
  const choices = (frame as { choices?: unknown } | null)?.choices;
  return (
    Array.isArray(choices) &&
    choices.some((choice: { finish_reason?: unknown } | null) => choice?.finish_reason)
  );
}
