/** Writes a conversation in Anthropic's form: instructions in front, then turns of user and assistant by turns. */
import { AppError } from '../../domain/errors.js';
import type { CanonicalMessage, CanonicalRequest, RequestPart, TextPart } from '../canonical.js';
import { argumentsOfText, freeTextTools } from '../free-text.js';
import { isFrom } from '../reasoning-seal.js';
import { plainToolId } from '../repairs.js';
import type { Target } from '../target.js';
import { writeMarker, type Block, type Turn } from './cache-markers.js';
import type { Notes } from '../notes.js';
import { writeFile, writeImage } from './provider-media.js';
import { inputObject } from './tool-input.js';

interface Conversation {
  readonly system: readonly Block[];
  readonly messages: readonly Turn[];
}

/** What writing a part takes to know. */
interface Scope {
  readonly target: Target;
  readonly notes: Notes;
  readonly freeText: ReadonlySet<string>;
}

const JSON_ONLY = 'Answer with one JSON object and nothing else: no prose around it, no code fence.';

export function writeConversation(request: CanonicalRequest, target: Target, notes: Notes): Conversation {
  const scope: Scope = { target, notes, freeText: freeTextTools(request.tools) };
  const { messages } = request;
  const spoken = messages.findIndex((message) => !isInstruction(message));
  const leading = spoken < 0 ? messages : messages.slice(0, spoken);
  const system = leading.flatMap((message) => textsOf(message, scope));
  if (request.output?.kind === 'json') {
    notes.repair('json_instruction');
    system.push({ type: 'text', text: JSON_ONLY });
  }
  const turns = turnsOf(spoken < 0 ? [] : messages.slice(spoken), scope);
  if (turns.length > 0) return { system, messages: turns };
  // Nothing but instructions: there, somebody has to speak.
  notes.repair('instructions_in_place');
  return { system: [], messages: [{ role: 'user', content: system }] };
}

function isInstruction({ role }: CanonicalMessage): boolean {
  return role === 'system' || role === 'developer';
}

function turnsOf(messages: readonly CanonicalMessage[], scope: Scope): readonly Turn[] {
  const turns: { readonly role: Turn['role']; readonly content: Block[] }[] = [];
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    if (isInstruction(message)) scope.notes.repair('instructions_in_place');
    const blocks = isInstruction(message)
      ? textsOf(message, scope)
      : message.content.flatMap((part) => writePart(part, role, scope));
    if (blocks.length === 0) continue;
    // One turn after the other: what the same side says in a row, results of parallel calls too, is one turn.
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else turns.push({ role, content: blocks });
  }
  return turns.map(ordered).filter((turn) => turn.content.length > 0);
}

/** Results come first in a turn, thoughts never last, and a text to be continued ends in no white space. */
function ordered({ role, content }: Turn, index: number, turns: readonly Turn[]): Turn {
  if (role === 'user') {
    const results = content.filter((block) => block['type'] === 'tool_result');
    if (results.length === 0) return { role, content };
    return { role, content: [...results, ...content.filter((block) => block['type'] !== 'tool_result')] };
  }
  const spoken = content.findLastIndex((block) => !isThought(block));
  const blocks = content.slice(0, spoken + 1);
  const last = blocks.at(-1);
  if (index < turns.length - 1 || typeof last?.['text'] !== 'string') return { role, content: blocks };
  return { role, content: [...blocks.slice(0, -1), { ...last, text: last['text'].trimEnd() }] };
}

function isThought(block: Block): boolean {
  return block['type'] === 'thinking' || block['type'] === 'redacted_thinking';
}

/** Instructions hold text; anything else in them is the caller's slip and is said so. */
function textsOf(message: CanonicalMessage, scope: Scope): Block[] {
  return message.content.flatMap((part) => {
    if (part.type !== 'text')
      throw impossible(`Instructions must be text; there is a part of type \`${part.type}\`.`);
    return writeText(part, scope);
  });
}

function writePart(part: RequestPart, role: Turn['role'], scope: Scope): readonly Block[] {
  const { target, notes } = scope;
  switch (part.type) {
    case 'text':
      return writeText(part, scope);
    case 'refusal':
      return writeText({ type: 'text', text: part.text }, scope);
    case 'image':
      if (role === 'assistant') throw impossible('Pictures must stand in messages of the user.');
      return [writeImage(part, target, notes)];
    case 'file':
      if (role === 'assistant') throw impossible('Files must stand in messages of the user.');
      return [writeFile(part, target)];
    case 'audio':
      throw impossible(`${target.model} takes no audio: send a transcript, or name a model that listens.`);
    case 'reasoning': {
      const { origin, text } = part;
      if (role !== 'assistant' || origin.protocol !== 'ANTHROPIC_MESSAGES' || !isFrom(origin, target.model))
        return [];
      const signature = origin.signature ?? '';
      if (origin.redacted) return [{ type: 'redacted_thinking', data: signature }];
      return text === '' && signature === '' ? [] : [{ type: 'thinking', thinking: text, signature }];
    }
    case 'tool_call': {
      const json = scope.freeText.has(part.name) ? argumentsOfText(part.input) : part.input;
      const call = {
        type: 'tool_use',
        id: toolId(part.id, notes),
        name: part.name,
        input: inputObject(json),
      };
      return [{ ...call, ...writeMarker(part.cache) }];
    }
    case 'tool_result': {
      const content = part.content.flatMap((inner) => writePart(inner, role, scope));
      return [
        {
          type: 'tool_result',
          tool_use_id: toolId(part.callId, notes),
          ...(content.length > 0 && { content }),
          // An error that says nothing is refused.
          ...(part.isError && {
            is_error: true,
            ...(content.length === 0 && { content: 'The tool failed.' }),
          }),
          ...writeMarker(part.cache),
        },
      ];
    }
  }
}

/** A text of nothing but white space is refused there. */
function writeText({ text, cache, citations = [] }: TextPart, { notes }: Scope): Block[] {
  if (citations.length > 0) notes.drop('citations');
  return text.trim() === '' ? [] : [{ type: 'text', text, ...writeMarker(cache) }];
}

function toolId(id: string, notes: Notes): string {
  const plain = plainToolId(id);
  if (plain !== id) notes.repair('tool_ids');
  return plain;
}

function impossible(message: string): AppError {
  return new AppError('BAD_REQUEST', message, { field: ['messages'] });
}
