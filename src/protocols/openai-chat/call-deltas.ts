/**
 * Puts the pieces of tool calls together. By the format each piece carries the number of its call, and the first one its id
 * and name; providers leave out either, repeat them, give every call the same number, or send calls whole.
 */
import { STREAM_TOOL_CALLS_MAX } from '../../config/limits.js';
import type { JsonObject } from '../dialect.js';
import { text } from '../fields.js';
import { createJsonProgress, type JsonProgress } from '../json-progress.js';
import { calledOf } from './provider-answer.js';

/** One call of an answer, as far as it is known. */
export interface CallInProgress {
  /** Number over the answer, from 0. */
  readonly order: number;
  /** Empty while the provider gave none. */
  readonly id: string;
  name: string;
  /** Arguments that came before the name. */
  early: string;
  /** Number of its part in the neutral stream; null until it is opened there. */
  part: number | null;
  /** Whether its seal was seen. */
  sealed: boolean;
  closed: boolean;
  readonly progress: JsonProgress;
}

/** A piece, and the call it belongs to. */
export interface CallPiece {
  readonly call: CallInProgress;
  readonly input: string;
}

export interface CallDeltas {
  /** The call a piece belongs to; null when it says nothing, or there are more calls than are followed. */
  assign(piece: JsonObject): CallPiece | null;
}

export function createCallDeltas(): CallDeltas {
  const byIndex = new Map<number, CallInProgress>();
  const byId = new Map<string, CallInProgress>();
  let last: CallInProgress | null = null;
  let count = 0;

  const begin = (index: number | null, id: string): CallInProgress | null => {
    if (count >= STREAM_TOOL_CALLS_MAX) return null;
    const call: CallInProgress = {
      order: count++,
      id,
      name: '',
      early: '',
      part: null,
      sealed: false,
      closed: false,
      progress: createJsonProgress(),
    };
    if (index !== null) byIndex.set(index, call);
    if (id !== '') byId.set(id, call);
    return call;
  };
  const find = (index: number | null, id: string, name: string, input: string): CallInProgress | null => {
    const known = index === null ? last : (byIndex.get(index) ?? null);
    const other = id === '' ? null : (byId.get(id) ?? null);
    if (other !== null) return other;
    if (known === null) return null;
    if (id !== '' && known.id !== '') return null;
    // Neither number nor id tells calls apart; a name with arguments after complete ones can only be the next call.
    const isNext =
      name !== '' &&
      known.name !== '' &&
      (known.progress.complete ? input.trim() !== '' : index === null && name !== known.name);
    return isNext ? null : known;
  };

  return {
    assign(piece) {
      const index = typeof piece['index'] === 'number' ? piece['index'] : null;
      const id = text(piece['id']) ?? '';
      const { name, input } = calledOf(piece);
      const found = find(index, id, name, input);
      if (found === null && id === '' && name === '' && input === '') return null;
      const call = found ?? begin(index, id);
      if (call === null) return null;
      last = call;
      if (call.name === '') call.name = name;
      return { call, input };
    },
  };
}
