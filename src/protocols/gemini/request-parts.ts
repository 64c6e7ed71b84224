/** Parts of a conversation in Gemini's form: text, media, calls with their seals, results under the names of their calls. */
import { AppError } from '../../domain/errors.js';
import type {
  CanonicalRequest,
  ReasoningPart,
  RequestPart,
  ToolCallPart,
  ToolResultPart,
} from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { isObject, parsedArguments, parsedJson } from '../fields.js';
import { argumentsOfText, freeTextTools } from '../free-text.js';
import { isFrom } from '../reasoning-seal.js';
import type { Target } from '../target.js';
import { isThirdGeneration } from './generation.js';
import { writeAudio, writeMedia } from './media.js';
import type { Notes } from '../notes.js';

export interface PartWriter {
  /** Parts that mean the same on either side. */
  write(parts: readonly RequestPart[]): readonly JsonObject[];
  writeModelTurn(parts: readonly RequestPart[]): readonly JsonObject[];
  /** Results first, in the order of their calls: results of one name are told apart by nothing else. */
  writeUserTurn(parts: readonly RequestPart[]): readonly JsonObject[];
}

/** What Google documents for calls whose seal is not at hand. https://ai.google.dev/gemini-api/docs/thought-signatures */
const NO_SEAL = 'skip_thought_signature_validator';

/** A call that was made, and its place among all of them. */
interface KnownCall {
  readonly name: string;
  readonly place: number;
}

export function createPartWriter(request: CanonicalRequest, target: Target, notes: Notes): PartWriter {
  /** By id; where ids repeat in a conversation, the latest call is meant. */
  const calls = new Map<string, KnownCall>();
  let callsWritten = 0;
  const freeText = freeTextTools(request.tools);
  const wantsSeals = isThirdGeneration(target) || target.quirks.replays === 'signature';

  const writeCall = (part: ToolCallPart, first: boolean): JsonObject => {
    calls.set(part.id, { name: part.name, place: callsWritten++ });
    const seal = part.origin && isFrom(part.origin, target.model) ? part.origin.signature : null;
    // Of the calls of a turn the first carries the seal.
    const standIn = seal === null && first && wantsSeals;
    if (standIn) notes.repair('thought_signature');
    const signature = standIn ? NO_SEAL : seal;
    return {
      functionCall: { name: part.name, args: argumentsOf(part, freeText.has(part.name), notes) },
      ...(signature !== null && { thoughtSignature: signature }),
    };
  };
  const writeOne = (part: RequestPart): readonly JsonObject[] => {
    if ('cache' in part && part.cache) notes.drop('cache_control');
    switch (part.type) {
      case 'text':
        if (part.citations && part.citations.length > 0) notes.drop('citations');
        return textParts(part.text);
      case 'refusal':
        return textParts(part.text);
      case 'image':
        if (part.detail !== undefined && part.detail !== 'auto') notes.drop('detail');
        return [writeMedia(part.source, 'image', target)];
      case 'file':
        if (part.name !== null) notes.drop('filename');
        return [writeMedia(part.source, 'file', target)];
      case 'audio':
        return [writeAudio(part)];
      case 'reasoning':
        return thoughtParts(part, target);
      case 'tool_call':
        return [writeCall(part, true)];
      case 'tool_result':
        return [resultPart(part, callOf(part)), ...mediaOf(part)];
    }
  };
  const callOf = ({ callId }: ToolResultPart): KnownCall => {
    const call = calls.get(callId);
    if (call) return call;
    throw new AppError(
      'BAD_REQUEST',
      `The result of the tool call \`${callId}\` must come after the assistant message that makes the call.`,
      { field: ['messages'] },
    );
  };
  const mediaOf = ({ content }: ToolResultPart): readonly JsonObject[] =>
    content.filter(({ type }) => type !== 'text').flatMap(writeOne);

  return {
    write: (parts) => parts.flatMap(writeOne),
    writeModelTurn(parts) {
      let callsMade = 0;
      return parts.flatMap((part) =>
        part.type === 'tool_call' ? [writeCall(part, callsMade++ === 0)] : writeOne(part),
      );
    },
    writeUserTurn(parts) {
      const results = parts.filter((part) => part.type === 'tool_result');
      const others = parts.filter((part) => part.type !== 'tool_result');
      const inOrder = results.toSorted((a, b) => callOf(a).place - callOf(b).place);
      return [...inOrder, ...others].flatMap(writeOne);
    },
  };
}

/** An empty part is refused. */
function textParts(text: string): readonly JsonObject[] {
  return text === '' ? [] : [{ text }];
}

/** A thought of the same model with its seal; without one, or of another, it means nothing there. */
function thoughtParts({ text, origin }: ReasoningPart, target: Target): readonly JsonObject[] {
  if (!isFrom(origin, target.model) || origin.protocol !== 'GEMINI' || origin.signature === null) return [];
  return [{ text, ...(text !== '' && { thought: true }), thoughtSignature: origin.signature }];
}

/** Arguments are an object there, whatever the history says. */
function argumentsOf({ input }: ToolCallPart, isFreeText: boolean, notes: Notes): unknown {
  if (isFreeText) return parsedJson(argumentsOfText(input));
  const args = input.trim() === '' ? {} : parsedArguments(input);
  if (isObject(args)) return args;
  notes.repair('tool_arguments');
  return parsedJson(argumentsOfText(input));
}

function resultPart({ content, isError }: ToolResultPart, { name }: KnownCall): JsonObject {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return { functionResponse: { name, response: { [isError ? 'error' : 'output']: texts.join('\n') } } };
}
