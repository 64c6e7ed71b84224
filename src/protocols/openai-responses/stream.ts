/** Watches a Responses stream: usage in its closing frame, errors, content, the proper end. */
import { RESPONSES_FRAME_MAX_BYTES } from '../../config/limits.js';
import { isObject, isStated, objectOf, parsedJson } from '../fields.js';
import type { StreamReader } from '../protocol.js';
import { countOccurrences, createFrameScanner, dataOf } from '../sse.js';
import { newStreamState } from '../stream-state.js';
import { mergeUsage } from '../usage.js';
import { readUsage } from './usage.js';

const WORTH_READING =
  /"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed)|error)"|"error"\s*:\s*[{"]/g;
/** Ends the type of every event that brings a piece of the answer; `event:` lines have no quotes. */
const CONTENT = '.delta"';
const CLOSINGS = ['response.completed', 'response.incomplete'];
const EMPTY = Buffer.alloc(0);

export function createStreamReader(): StreamReader {
  const state = newStreamState();
  let ending = false;

  const visit = (bytes: Buffer): Buffer => {
    const data = dataOf(bytes);
    const frame = data === null ? undefined : parsedJson(data);
    if (data === null || !isObject(frame)) return bytes;
    const type = frame['type'];
    // Some who speak this format send errors in the form that chat has.
    const failed = type === 'response.failed' || type === 'error' || isStated(frame['error']);
    if (failed) state.errorData ??= data;
    const completed = type === 'response.completed' || type === 'response.incomplete';
    if (completed) state.finished = true;
    if (completed || type === 'response.failed') {
      state.closed = true;
      state.usage = mergeUsage(state.usage, readUsage(objectOf(frame['response'])['usage']));
    }
    return bytes;
  };
  const scanner = createFrameScanner({
    // An expression with the global flag carries its place: each stream needs its own.
    marker: new RegExp(WORTH_READING),
    visit,
    onText(text) {
      state.opened ||= text.includes('data:');
      state.contentFrames += countOccurrences(text, CONTENT);
    },
    maxFrameBytes: RESPONSES_FRAME_MAX_BYTES,
  });

  return Object.assign(state, {
    mayEnd(chunk: Buffer) {
      // The closing frame repeats the answer and so may take many chunks.
      ending ||= CLOSINGS.some((type) => chunk.includes(type));
      return ending;
    },
    push(chunk: Buffer) {
      scanner.push(chunk);
      return chunk;
    },
    end() {
      scanner.end();
      return EMPTY;
    },
  });
}
