/** Conversations as Gemini's contents: turns of the user and of the model that alternate, instructions apart from them. */
import type { CanonicalMessage, CanonicalRequest, TextPart } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import type { Target } from '../target.js';
import type { Notes } from '../notes.js';
import { createPartWriter, type PartWriter } from './request-parts.js';

export interface WrittenContents {
  readonly systemInstruction: JsonObject | null;
  readonly contents: readonly JsonObject[];
}

interface Turn {
  readonly role: 'user' | 'model';
  readonly messages: CanonicalMessage[];
}

export function writeContents(request: CanonicalRequest, target: Target, notes: Notes): WrittenContents {
  const writer = createPartWriter(request, target, notes);
  const { leading, rest } = splitInstructions(request.messages);
  const system = leading.flatMap(({ content }) => writer.write(content));
  const contents = turnsOf(rest, notes).flatMap((turn) => contentOf(turn, writer));
  if (contents.length > 0) {
    return { systemInstruction: system.length > 0 ? { parts: system } : null, contents };
  }
  // There has to be a turn: instructions alone become the user's words.
  if (system.length > 0) notes.repair('instructions_in_place');
  return { systemInstruction: null, contents: system.length > 0 ? [{ role: 'user', parts: system }] : [] };
}

/** Instructions at the front have a place of their own, which takes nothing but text. */
function splitInstructions(messages: readonly CanonicalMessage[]): {
  readonly leading: readonly CanonicalMessage[];
  readonly rest: readonly CanonicalMessage[];
} {
  const end = messages.findIndex((message) => !isInstruction(message) || !message.content.every(isText));
  return end < 0
    ? { leading: messages, rest: [] }
    : { leading: messages.slice(0, end), rest: messages.slice(end) };
}

/** Neighbours of one side are one turn. Later instructions stay where they are, as words of the user. */
function turnsOf(messages: readonly CanonicalMessage[], notes: Notes): readonly Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    if (isInstruction(message)) notes.repair('instructions_in_place');
    const role = message.role === 'assistant' ? 'model' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.messages.push(message);
    else turns.push({ role, messages: [message] });
  }
  return turns;
}

function contentOf({ role, messages }: Turn, writer: PartWriter): readonly JsonObject[] {
  const content = messages.flatMap((message) => message.content);
  const parts = role === 'model' ? writer.writeModelTurn(content) : writer.writeUserTurn(content);
  return parts.length > 0 ? [{ role, parts }] : [];
}

function isInstruction({ role }: CanonicalMessage): boolean {
  return role === 'system' || role === 'developer';
}

function isText(part: CanonicalMessage['content'][number]): part is TextPart {
  return part.type === 'text';
}
