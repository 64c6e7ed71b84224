/** Where every stream starts: nothing seen, nothing stated. */
import type { StreamState } from './protocol.js';
import { NOTHING_STATED } from './usage.js';

/** A fresh state for a reader to fill in as the stream goes by. */
export function newStreamState(): StreamState {
  return {
    usage: NOTHING_STATED,
    opened: false,
    contentFrames: 0,
    finished: false,
    closed: false,
    errorData: null,
  };
}
