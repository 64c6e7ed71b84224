/** Reads whole Anthropic messages. Blocks of tools that the provider ran itself are passed over: their outcome is in the text. */
import type { AnswerPart, CanonicalAnswer, Citation } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { isObject, jsonText, listOf, objectOf, text } from '../fields.js';
import type { Target } from '../target.js';
import { readCitation } from './citations.js';
import { readFinish } from './finish.js';
import { readUsage } from './usage.js';

export function readAnswer(body: JsonObject, target: Target): CanonicalAnswer {
  const parts = listOf(body['content']).flatMap((block, index) =>
    isObject(block) ? readBlock(block, index, target) : [],
  );
  const called = parts.some((part) => part.type === 'tool_call');
  const why = text(objectOf(body['stop_details'])['explanation']);
  return {
    id: text(body['id']),
    parts: parts.length === 0 && why !== null && why !== '' ? [{ type: 'refusal', text: why }] : parts,
    finish: readFinish(body['stop_reason'], body['stop_sequence'], called),
    usage: readUsage(body['usage']),
  };
}

function readBlock(block: JsonObject, index: number, target: Target): readonly AnswerPart[] {
  const origin = { model: target.model, protocol: 'ANTHROPIC_MESSAGES' } as const;
  switch (block['type']) {
    case 'text': {
      const citations = listOf(block['citations']).map(readCitation).filter(isCitation);
      return [{ type: 'text', text: text(block['text']) ?? '', ...(citations.length > 0 && { citations }) }];
    }
    case 'thinking': {
      const signature = text(block['signature']);
      return [
        {
          type: 'reasoning',
          text: text(block['thinking']) ?? '',
          origin: { ...origin, signature: signature === '' ? null : signature },
        },
      ];
    }
    case 'redacted_thinking': {
      const signature = text(block['data']);
      return [{ type: 'reasoning', text: '', origin: { ...origin, signature, redacted: true } }];
    }
    case 'tool_use': {
      const name = text(block['name']);
      if (name === null) return [];
      const input = jsonText(block['input'] ?? {});
      return [{ type: 'tool_call', id: text(block['id']) ?? standInId(index), name, input }];
    }
    default:
      return [];
  }
}

/** The id of a call that came without one; its result can only come back under one. */
export function standInId(index: number): string {
  return `toolu_${index}`;
}

function isCitation(citation: Citation | null): citation is Citation {
  return citation !== null;
}
