/** Watches a messages stream: usage at its start and end, errors, the first content, the proper end. */
import { STREAM_FRAME_MAX_BYTES } from '../../config/limits.js';
import type { JsonObject } from '../dialect.js';
import { isObject, isStated, objectOf, parsedJson } from '../fields.js';
import type { StreamReader, StreamState } from '../protocol.js';
import { countOccurrences, createFrameScanner, dataOf } from '../sse.js';
import { newStreamState } from '../stream-state.js';
import { mergeUsage } from '../usage.js';
import { readUsage } from './usage.js';

const STOP = 'message_stop';
const WORTH_READING = /"usage"\s*:\s*\{|"type":\s*"message_stop"|"error"\s*[:,}]/g;
const CONTENT = '"content_block_delta"';
const EMPTY = Buffer.alloc(0);

export function createStreamReader(): StreamReader {
  const state = newStreamState();

  const visit = (bytes: Buffer): Buffer => {
    const data = dataOf(bytes);
    if (data !== null) noteFrame(state, data, parsedJson(data));
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
    maxFrameBytes: STREAM_FRAME_MAX_BYTES,
  });

  return Object.assign(state, {
    mayEnd: (chunk: Buffer) => chunk.includes(STOP),
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

/** Takes from a frame what is to be known of any stream. What is not JSON is the client's to judge; there is nothing in it for us. */
export function noteFrame(state: StreamState, data: string, frame: unknown): frame is JsonObject {
  if (!isObject(frame)) return false;
  // Some who speak this format send errors in another's form.
  if (frame['type'] === 'error' || isStated(frame['error'])) state.errorData ??= data;
  if (frame['type'] === STOP) state.finished = state.closed = true;
  // A restated start or delta carries running totals, never increments: the last word per field holds.
  const stated = readUsage(frame['usage'] ?? objectOf(frame['message'])['usage']);
  state.usage = mergeUsage(state.usage, stated);
  return true;
}
