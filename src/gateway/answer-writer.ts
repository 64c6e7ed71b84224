/** Writes an answer at the pace of whoever reads it: while the caller is behind, the provider waits. */
import type { ServerResponse } from 'node:http';
import type { SinkControl } from './answer-sink.js';

export function createAnswerWriter(
  response: ServerResponse,
  control: Pick<SinkControl, 'pause' | 'resume'>,
): (bytes: Buffer) => void {
  let waiting = false;
  return (bytes) => {
    if (bytes.length === 0 || response.write(bytes) || waiting) return;
    waiting = true;
    control.pause();
    response.once('drain', () => {
      waiting = false;
      control.resume();
    });
  };
}
