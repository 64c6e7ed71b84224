/** Watches a messages stream: usage at its start and end, errors, the first content, the proper end. */
import { STREAM_FRAME_MAX_BYTES } from '../../config/limits.js';
import type { JsonObject } from '../dialect.js';
import { isObject, isStated, objectOf, parsedJson } from '../fields.js';
import type { StreamReader, StreamState } from '../protocol.js';
import { mergeUsage } from '../usage.js';
import { createWatchingReader } from '../watching-reader.js';
import { readUsage } from './usage.js';

const STOP = 'message_stop';
const WORTH_READING = /"usage"\s*:\s*\{|"type":\s*"message_stop"|"error"\s*[:,}]/g;
const CONTENT = '"content_block_delta"';

export function createStreamReader(): StreamReader {
  return createWatchingReader({
    worthReading: WORTH_READING,
    content: CONTENT,
    frameMaxBytes: STREAM_FRAME_MAX_BYTES,
    note: (state, data) => void noteFrame(state, data, parsedJson(data)),
    newEndWatch: () => (chunk) => chunk.includes(STOP),
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
