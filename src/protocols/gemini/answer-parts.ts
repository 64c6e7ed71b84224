/** Reads what one object of Gemini's says: a whole answer, or a frame of one. Whatever makes no sense in it is passed over. */
import { createHash } from 'node:crypto';
import type { Citation, FinishReason } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { isObject, jsonText, listOf, objectOf, text } from '../fields.js';

/** A piece of an answer; neighbours of one kind belong together. */
export type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thought'; readonly text: string; readonly signature: string | null }
  | {
      readonly type: 'call';
      /** Google's own id of it; most of its models give none. */
      readonly id: string | null;
      readonly name: string;
      readonly input: string;
      readonly signature: string | null;
    };

export interface Reading {
  readonly id: string | null;
  readonly pieces: readonly Piece[];
  readonly citations: readonly Citation[];
  /** Null while it goes on. */
  readonly finish: FinishReason | null;
  readonly usageMetadata: unknown;
}

export function readObject(body: JsonObject): Reading {
  const candidate = objectOf(listOf(body['candidates'])[0]);
  const parts = listOf(objectOf(candidate['content'])['parts']).filter(isObject);
  const blocked = text(objectOf(body['promptFeedback'])['blockReason']) !== null;
  return {
    id: text(body['responseId']),
    pieces: parts.flatMap(piecesOf),
    citations: citationsOf(candidate['citationMetadata']),
    finish: blocked ? 'content_filter' : finishOf(text(candidate['finishReason'])),
    usageMetadata: body['usageMetadata'],
  };
}

/** An id for a call that came without one: the same for the same call, however its answer was cut. */
export function callIdOf(
  answerId: string | null,
  place: number,
  { name, input }: { name: string; input: string },
): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([answerId, place, name, input]))
    .digest('hex');
  return `call_${digest.slice(0, 24)}`;
}

/** A seal that is not on a call is kept as a thought without words, in its place behind the text it was on. */
function piecesOf(part: JsonObject): readonly Piece[] {
  const signature = text(part['thoughtSignature']);
  if (isObject(part['functionCall'])) return callOf(part['functionCall'], signature);
  const words = text(part['text']) ?? '';
  if (part['thought'] === true) {
    return words === '' && signature === null ? [] : [{ type: 'thought', text: words, signature }];
  }
  return [
    ...(words === '' ? [] : [{ type: 'text', text: words } as const]),
    ...(signature === null ? [] : [{ type: 'thought', text: '', signature } as const]),
  ];
}

function callOf({ id, name, args }: JsonObject, signature: string | null): readonly Piece[] {
  const called = text(name);
  if (called === null || called === '') return [];
  const input = jsonText(isObject(args) ? args : {});
  return [{ type: 'call', id: text(id) || null, name: called, input, signature }];
}

/** Ends other than these two mean that something was withheld: for safety, as a recitation, as a call that was no call. */
function finishOf(reason: string | null): FinishReason | null {
  switch (reason) {
    case null:
    case '':
    case 'FINISH_REASON_UNSPECIFIED':
      return null;
    case 'STOP':
      return 'stop';
    case 'MAX_TOKENS':
      return 'length';
    default:
      return 'content_filter';
  }
}

/** Google's two APIs name the list differently. */
function citationsOf(metadata: unknown): readonly Citation[] {
  const { citationSources, citations } = objectOf(metadata);
  return listOf(citationSources ?? citations)
    .filter(isObject)
    .map(({ uri, title }) => ({ title: text(title), url: text(uri), quote: null }))
    .filter(({ title, url }) => title !== null || url !== null);
}
