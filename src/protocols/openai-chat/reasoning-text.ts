/** Where the thoughts stand in messages and deltas, in the spellings of all who speak the format. */
import type { JsonObject } from '../dialect.js';
import { isObject, listOf, objectOf, text } from '../fields.js';

/**
 * The thought in `reasoning_content` (DeepSeek, Moonshot, Z.ai), else in `reasoning` (OpenRouter, Groq, vLLM, Ollama), else
 * in `reasoning_details`, which OpenRouter states beside the former. Empty when there is none.
 */
export function readReasoningTexts(message: JsonObject): string {
  return (
    text(message['reasoning_content']) ||
    text(message['reasoning']) ||
    ofDetails(message['reasoning_details'])
  );
}

/** The text of a thought inside `content`, as Mistral writes it; null when the part is none. */
export function thoughtOfPart(part: JsonObject): string | null {
  if (part['type'] !== 'thinking') return null;
  const thinking = part['thinking'];
  if (typeof thinking === 'string') return thinking;
  return listOf(thinking)
    .map((piece) => text(objectOf(piece)['text']) ?? '')
    .join('');
}

/** The seal on a call, where the maker of Gemini has it in chat; null when there is none. */
export function sealTextOf(call: JsonObject): string | null {
  const { google } = objectOf(call['extra_content']);
  return text(objectOf(google)['thought_signature']);
}

function ofDetails(details: unknown): string {
  return listOf(details)
    .filter(isObject)
    .map((detail) => text(detail['text']) ?? text(detail['summary']) ?? '')
    .join('');
}
