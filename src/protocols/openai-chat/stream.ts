/** Watches a chat completion stream: usage wherever it is stated, errors, content, the proper end. */
import { STREAM_FRAME_MAX_BYTES } from '../../config/limits.js';
import type { JsonObject } from '../dialect.js';
import { isObject, isStated, listOf, objectOf, parsedJson, text } from '../fields.js';
import type { StreamReader, StreamReaderOptions } from '../protocol.js';
import { countOccurrences, createFrameScanner, dataOf } from '../sse.js';
import { newStreamState } from '../stream-state.js';
import { mergeUsage, NOTHING_STATED } from '../usage.js';
import { isFailureReason } from './finish.js';
import { withoutUsage } from './hide-usage.js';
import { usageOfFrame } from './usage.js';

/** What the last frame says. */
export const DONE = '[DONE]';
// Inside a JSON string the quotes would be escaped, so text about usage does not match. `"usage":null` does not either.
const WORTH_READING = /"usage"\s*:\s*\{|\[DONE\]|"error"\s*:|"object"\s*:\s*"error"|"finish_reason"\s*:\s*"/g;
const CONTENT =
  /"(?:content|reasoning_content|reasoning|refusal)"\s*:\s*(?:"[^"]|\[\s*\{)|"reasoning_details"\s*:\s*\[\s*\{|"tool_calls"\s*:\s*\[\s*\{|"function_call"\s*:\s*\{/;
const DELTA = '"delta"';
const DATA_LINE = /^data:/m;
const EMPTY = Buffer.alloc(0);

export function createStreamReader({ hideUsage }: StreamReaderOptions): StreamReader {
  const state = newStreamState();

  const onText = (complete: string): void => {
    state.opened ||= DATA_LINE.test(complete);
    // Only the first content needs telling apart from a frame that merely opens the answer; the rest is an estimate.
    const first = state.contentFrames > 0 ? -1 : complete.search(CONTENT);
    if (first >= 0) state.contentFrames += 1 + countOccurrences(complete.slice(first), DELTA);
    else if (state.contentFrames > 0) state.contentFrames += countOccurrences(complete, DELTA);
  };
  const visit = (frame: Buffer): Buffer => {
    const data = dataOf(frame);
    if (data === null) return frame;
    if (data.trim() === DONE) {
      state.finished = state.closed = true;
      return frame;
    }
    const parsed = parsedJson(data);
    if (isObject(parsed) && failureIn(parsed)) {
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

/** Whether a frame says that the answer failed: as itself, in its choice, or as the reason it ended. */
export function failureIn(frame: JsonObject): boolean {
  if (isStated(frame['error']) || frame['object'] === 'error') return true;
  return listOf(frame['choices'])
    .map(objectOf)
    .some((choice) => isStated(choice['error']) || isFailureReason(choice['finish_reason']));
}

function hasFinishReason(frame: unknown): boolean {
  return listOf(objectOf(frame)['choices']).some((choice) =>
    Boolean(text(objectOf(choice)['finish_reason'])),
  );
}
