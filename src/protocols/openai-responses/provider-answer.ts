/** Reads a whole response into the neutral form. */
import type { AnswerPart, CanonicalAnswer, Citation } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { listOf, objectOf, text } from '../fields.js';
import type { Target } from '../target.js';
import { citationOf } from './annotations.js';
import { finishOf } from './finish.js';
import { originOf, thoughtOf } from './thoughts.js';
import { readUsage } from './usage.js';

export function readAnswer(body: JsonObject, target: Target): CanonicalAnswer {
  const parts = listOf(body['output']).flatMap((item, index) => partsOf(objectOf(item), index, target));
  return {
    id: text(body['id']),
    parts,
    finish: finishOf(body, {
      calls: parts.some(({ type }) => type === 'tool_call'),
      refusal: parts.some(({ type }) => type === 'refusal'),
    }),
    usage: readUsage(body['usage']),
  };
}

/** Parts of one item; none for records of tools that the provider ran. */
function partsOf(item: JsonObject, index: number, target: Target): readonly AnswerPart[] {
  switch (item['type']) {
    case 'message':
      return listOf(item['content']).flatMap((part) => contentOf(objectOf(part)));
    case 'reasoning': {
      const thought = thoughtOf(item);
      const origin = originOf(item, target);
      if (thought === '' && origin.signature === null) return [];
      return [{ type: 'reasoning', text: thought, origin }];
    }
    case 'function_call':
    case 'custom_tool_call': {
      const name = text(item['name']) ?? '';
      const input = text(item[inputKey(item)]) ?? '';
      return name === '' ? [] : [{ type: 'tool_call', id: callId(item, index), name, input }];
    }
    default:
      return [];
  }
}

/** The field of a call's item that holds what it is called with. */
export function inputKey(item: JsonObject): 'arguments' | 'input' {
  return item['type'] === 'custom_tool_call' ? 'input' : 'arguments';
}

/** The id a result has to name. */
export function callId(item: JsonObject, index: number): string {
  return text(item['call_id']) || text(item['id']) || `call_${index}`;
}

/** What the annotations of a text refer to. */
export function citationsOf(part: JsonObject): readonly Citation[] {
  return listOf(part['annotations'])
    .map((annotation) => citationOf(objectOf(annotation)))
    .filter((citation) => citation !== null);
}

function contentOf(part: JsonObject): readonly AnswerPart[] {
  if (part['type'] === 'refusal') return [{ type: 'refusal', text: text(part['refusal']) ?? '' }];
  const said = text(part['text']) ?? '';
  if (part['type'] !== 'output_text' || said === '') return [];
  const citations = citationsOf(part);
  return [{ type: 'text', text: said, ...(citations.length > 0 && { citations }) }];
}
