/** Reads messages requests into the neutral form. https://docs.anthropic.com/en/api/messages */
import type {
  CanonicalMessage,
  CanonicalRequest,
  OutputFormat,
  ReasoningEffort,
  ReasoningWish,
  Sampling,
} from '../canonical.js';
import type { JsonObject, ReadRequest } from '../dialect.js';
import {
  optionalBoolean,
  optionalCount,
  optionalList,
  optionalNumber,
  optionalObject,
  optionalText,
  optionalWord,
  requiredList,
  requiredObject,
  unknownMembers,
  wrong,
} from '../fields.js';
import { readMarker, readMessage, readSystem } from './client-content.js';
import { readTools } from './client-tools.js';
import { createNotes, type Notes } from '../notes.js';

const KNOWN = new Set([
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'max_tokens',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'service_tier',
  'stream',
  'cache_control',
]);
const THINKING_TYPES = ['enabled', 'disabled', 'adaptive', 'between_tools'] as const;
const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'] as const satisfies readonly ReasoningEffort[];

export function readRequest(body: JsonObject): ReadRequest {
  const notes = createNotes();
  const messages = readMessages(body, notes);
  const tooling = readTools(body, notes);
  const output = readOutput(body, notes);
  const metadata = optionalObject(body, 'metadata') ?? {};
  notes.drop(...unknownMembers(metadata, new Set(['user_id'])).map((key) => `metadata.${key}`));
  const request: CanonicalRequest = {
    messages,
    ...tooling,
    maxOutputTokens: optionalCount(body, 'max_tokens'),
    stop: readStop(body),
    sampling: readSampling(body),
    reasoning: readReasoning(body, output.effort, notes),
    output: output.format,
    verbosity: null,
    userId: optionalText(metadata, 'user_id', 'metadata'),
    metadata: null,
    cacheKey: null,
    serviceTier: readServiceTier(body),
    stream: optionalBoolean(body, 'stream') === true,
    wantsUsage: true,
  };
  notes.drop(...unknownMembers(body, KNOWN));
  return { request, dropped: notes.taken().dropped };
}

function readMessages(body: JsonObject, notes: Notes): readonly CanonicalMessage[] {
  const list = requiredList(body, 'messages');
  if (list.length === 0) throw wrong('messages', 'a list of at least one message');
  const messages = [
    ...readSystem(body),
    ...list.map((message, index) => readMessage(message, `messages[${index}]`, notes)),
  ];
  return readMarker(body) === undefined ? messages : markedAtEnd(messages, body, notes);
}

/** A marker on the request itself stands for one on the last block that can bear it. */
function markedAtEnd(
  messages: readonly CanonicalMessage[],
  body: JsonObject,
  notes: Notes,
): readonly CanonicalMessage[] {
  const cache = readMarker(body);
  const message = messages.at(-1);
  const part = message?.content.at(-1);
  if (cache === undefined || message === undefined || part === undefined || !bearsMarker(part.type)) {
    notes.drop('cache_control');
    return messages;
  }
  const content = [...message.content.slice(0, -1), { ...part, cache }];
  return [...messages.slice(0, -1), { ...message, content }];
}

function bearsMarker(type: string): boolean {
  return type !== 'reasoning' && type !== 'refusal' && type !== 'audio';
}

function readStop(body: JsonObject): readonly string[] {
  const stop = optionalList(body, 'stop_sequences') ?? [];
  return stop.map((sequence, index) => {
    if (typeof sequence !== 'string') throw wrong(`stop_sequences[${index}]`, 'a string');
    return sequence;
  });
}

function readSampling(body: JsonObject): Sampling {
  const temperature = optionalNumber(body, 'temperature');
  const topP = optionalNumber(body, 'top_p');
  const topK = optionalCount(body, 'top_k');
  return {
    ...(temperature !== null && { temperature }),
    ...(topP !== null && { topP }),
    ...(topK !== null && { topK }),
  };
}

/** Without an effort of its own, `adaptive` means the documented default, which is high. */
function readReasoning(body: JsonObject, effort: ReasoningEffort | null, notes: Notes): ReasoningWish | null {
  const thinking = optionalObject(body, 'thinking');
  if (thinking === null) return effort === null ? null : { effort, budgetTokens: null, visible: null };
  const type = optionalWord(thinking, 'type', THINKING_TYPES, 'thinking');
  if (type === null) throw wrong('thinking.type', `one of ${THINKING_TYPES.join(', ')}`);
  const display = optionalWord(thinking, 'display', ['summarized', 'omitted'], 'thinking');
  const visible = display === null ? null : display === 'summarized';
  if (type === 'disabled') {
    if (effort !== null) notes.drop('output_config.effort');
    return { effort: 'none', budgetTokens: null, visible };
  }
  if (type !== 'enabled') return { effort: effort ?? 'high', budgetTokens: null, visible };
  const budgetTokens = optionalCount(thinking, 'budget_tokens', 'thinking');
  if (budgetTokens === null) throw wrong('thinking.budget_tokens', 'a whole number of tokens');
  return { effort, budgetTokens, visible };
}

interface OutputWish {
  readonly effort: ReasoningEffort | null;
  readonly format: OutputFormat | null;
}

function readOutput(body: JsonObject, notes: Notes): OutputWish {
  const config = optionalObject(body, 'output_config') ?? {};
  notes.drop(...unknownMembers(config, new Set(['effort', 'format'])).map((key) => `output_config.${key}`));
  return {
    effort: optionalWord(config, 'effort', EFFORTS, 'output_config'),
    // `output_format` is what the first version of it was called.
    format: readFormat(config, 'format', 'output_config') ?? readFormat(body, 'output_format', ''),
  };
}

function readFormat(holder: JsonObject, key: string, at: string): OutputFormat | null {
  const format = optionalObject(holder, key, at);
  if (format === null) return null;
  const path = at === '' ? key : `${at}.${key}`;
  if (optionalWord(format, 'type', ['json_schema'], path) === null)
    throw wrong(`${path}.type`, '`json_schema`');
  const schema = requiredObject(format, 'schema', path);
  // The dialect has no name for it, others demand one. It is always held to.
  return { kind: 'schema', name: 'response', description: null, schema, strict: true };
}

function readServiceTier(body: JsonObject): string | null {
  const tier = optionalText(body, 'service_tier');
  // The one word for the same thing that is not the same word elsewhere.
  return tier === 'standard_only' ? 'default' : tier;
}
