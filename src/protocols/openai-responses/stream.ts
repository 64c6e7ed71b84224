/** Watches a Responses stream: usage in its closing frame, errors, content, the proper end. */
import { RESPONSES_FRAME_MAX_BYTES } from '../../config/limits.js';
import { isObject, isStated, objectOf, parsedJson } from '../fields.js';
import type { StreamReader, StreamState } from '../protocol.js';
import { mergeUsage } from '../usage.js';
import { createWatchingReader } from '../watching-reader.js';
import { readUsage } from './usage.js';

const WORTH_READING =
  /"type"\s*:\s*"(?:response\.(?:completed|incomplete|failed)|error)"|"error"\s*:\s*[{"]/g;
/** Ends the type of every event that brings a piece of the answer; `event:` lines have no quotes. */
const CONTENT = '.delta"';
const CLOSINGS = ['response.completed', 'response.incomplete'];

export function createStreamReader(): StreamReader {
  return createWatchingReader({
    worthReading: WORTH_READING,
    content: CONTENT,
    frameMaxBytes: RESPONSES_FRAME_MAX_BYTES,
    note: noteFrame,
    newEndWatch() {
      let ending = false;
      // The closing frame repeats the answer and so may take many chunks.
      return (chunk) => (ending ||= CLOSINGS.some((type) => chunk.includes(type)));
    },
  });
}

function noteFrame(state: StreamState, data: string): void {
  const frame = parsedJson(data);
  if (!isObject(frame)) return;
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
}
