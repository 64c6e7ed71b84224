/** Cuts what a Postgres client sends into request cycles: the units that are answered as a whole. */

const SYNC = 'S'.charCodeAt(0);
const SIMPLE_QUERY = 'Q'.charCodeAt(0);
const TERMINATE = 'X'.charCodeAt(0);
const LENGTH_BYTES = 4;

/**
 * The complete cycles at the start of `bytes`, and what is left. A cycle ends with Sync, a simple query or Terminate; the
 * first message of a connection, its only one without a type byte, is a cycle of its own. Given the messages of a cycle
 * one by one, the embedded engine would answer an error with one "ready" too many.
 */
export function takeRequestCycles(bytes: Buffer, started: boolean): { cycles: Uint8Array[]; rest: Buffer } {
  const cycles: Uint8Array[] = [];
  let cycleStart = 0;
  let at = 0;
  let untyped = !started;
  for (;;) {
    const lengthAt = untyped ? at : at + 1;
    if (lengthAt + LENGTH_BYTES > bytes.length) break;
    const end = lengthAt + bytes.readUInt32BE(lengthAt);
    if (end > bytes.length) break;
    const type = bytes[at];
    if (untyped || type === SYNC || type === SIMPLE_QUERY || type === TERMINATE) {
      // A copy: the engine's thread gets its own memory either way.
      cycles.push(new Uint8Array(bytes.subarray(cycleStart, end)));
      cycleStart = end;
    }
    untyped = false;
    at = end;
  }
  return { cycles, rest: bytes.subarray(cycleStart) };
}
