/** Chat completion requests as their clients mean them. https://platform.openai.com/docs/api-reference/chat/create */
import { AppError } from '../../domain/errors.js';
import type { CanonicalRequest, OutputFormat, Sampling } from '../canonical.js';
import type { JsonObject, ReadRequest } from '../dialect.js';
import {
  isObject,
  isStated,
  listOf,
  objectOf,
  optionalBoolean,
  optionalCount,
  optionalList,
  optionalNumber,
  optionalObject,
  optionalText,
  optionalWord,
  requiredName,
  text,
  unknownMembers,
  wrong,
} from '../fields.js';
import { readMessages } from './client-messages.js';
import { readTools } from './client-tools.js';
import { readReasoning, REASONING_FIELDS } from './reasoning.js';

/** Fields that are understood, or that ask for nothing which could be lost. */
const KNOWN: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'parallel_tool_calls',
  'max_tokens',
  'max_completion_tokens',
  'stop',
  'temperature',
  'top_p',
  'top_k',
  'presence_penalty',
  'frequency_penalty',
  'seed',
  'n',
  'response_format',
  'verbosity',
  'modalities',
  'user',
  'safety_identifier',
  'metadata',
  'prompt_cache_key',
  'service_tier',
  'stream',
  'stream_options',
  'usage',
  ...REASONING_FIELDS,
]);

/** Flags that mean nothing when they are off. */
const FLAGS: ReadonlySet<string> = new Set(['store', 'logprobs', 'echo']);

export function readRequest(body: JsonObject): ReadRequest {
  refuseUnanswerable(body);
  const dropped = new Set<string>();
  const messages = readMessages(body, dropped);
  const { tools, toolChoice } = readTools(body, dropped);
  const stream = optionalBoolean(body, 'stream') ?? false;
  const request: CanonicalRequest = {
    messages,
    tools,
    toolChoice,
    parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
    maxOutputTokens: optionalCount(body, 'max_completion_tokens') ?? optionalCount(body, 'max_tokens'),
    stop: readStop(body),
    sampling: readSampling(body),
    reasoning: readReasoning(body),
    output: readFormat(body),
    verbosity: optionalWord(body, 'verbosity', ['low', 'medium', 'high']),
    userId: optionalText(body, 'safety_identifier') ?? optionalText(body, 'user'),
    metadata: readMetadata(body),
    cacheKey: optionalText(body, 'prompt_cache_key'),
    serviceTier: optionalText(body, 'service_tier'),
    stream,
    wantsUsage: !stream || asksForUsage(body),
  };
  for (const name of unknownMembers(body, KNOWN)) {
    if (!(FLAGS.has(name) && body[name] === false)) dropped.add(name);
  }
  return { request, dropped: [...dropped] };
}

/** What would make the answer another one than was asked for. */
function refuseUnanswerable(body: JsonObject): void {
  const n = optionalCount(body, 'n');
  if (n !== null && n !== 1) {
    throw new AppError('BAD_REQUEST', '`n` must be 1: several answers to one request are not translated.', {
      field: ['n'],
    });
  }
  if ((optionalList(body, 'modalities') ?? []).some((modality) => modality !== 'text')) {
    throw wrong('modalities', '["text"]: spoken answers are not translated');
  }
}

function asksForUsage(body: JsonObject): boolean {
  const options = optionalObject(body, 'stream_options');
  const asked = options !== null && optionalBoolean(options, 'include_usage', 'stream_options') === true;
  // OpenRouter's way of asking.
  return asked || objectOf(body['usage'])['include'] === true;
}

function readStop(body: JsonObject): readonly string[] {
  const stop = body['stop'];
  if (!isStated(stop)) return [];
  if (typeof stop === 'string') return [stop];
  const sequences = listOf(stop).map(text);
  if (!Array.isArray(stop) || sequences.includes(null)) throw wrong('stop', 'a string or a list of strings');
  return sequences.filter((sequence) => sequence !== null);
}

function readSampling(body: JsonObject): Sampling {
  const temperature = optionalNumber(body, 'temperature');
  const topP = optionalNumber(body, 'top_p');
  const topK = optionalNumber(body, 'top_k');
  const presencePenalty = optionalNumber(body, 'presence_penalty');
  const frequencyPenalty = optionalNumber(body, 'frequency_penalty');
  const seed = optionalNumber(body, 'seed');
  return {
    ...(temperature !== null && { temperature }),
    ...(topP !== null && { topP }),
    ...(topK !== null && { topK }),
    ...(presencePenalty !== null && { presencePenalty }),
    ...(frequencyPenalty !== null && { frequencyPenalty }),
    ...(seed !== null && { seed }),
  };
}

function readFormat(body: JsonObject): OutputFormat | null {
  const format = optionalObject(body, 'response_format');
  if (format === null || format['type'] === 'text') return null;
  if (format['type'] === 'json_object') return { kind: 'json' };
  if (format['type'] !== 'json_schema') {
    throw wrong('response_format.type', 'one of text, json_object, json_schema');
  }
  const at = 'response_format.json_schema';
  const stated = optionalObject(format, 'json_schema', 'response_format');
  if (stated === null) throw wrong(at, 'an object with a name and a schema');
  const schema = optionalObject(stated, 'schema', at);
  // Without a schema any JSON will do.
  if (schema === null) return { kind: 'json' };
  return {
    kind: 'schema',
    name: requiredName(stated, 'name', at),
    description: optionalText(stated, 'description', at),
    schema,
    strict: optionalBoolean(stated, 'strict', at),
  };
}

function readMetadata(body: JsonObject): Readonly<Record<string, string>> | null {
  const stated = optionalObject(body, 'metadata');
  if (stated === null) return null;
  if (!isTexts(stated)) throw wrong('metadata', 'an object whose values are strings');
  return stated;
}

function isTexts(object: JsonObject): object is Readonly<Record<string, string>> {
  return isObject(object) && Object.values(object).every((value) => typeof value === 'string');
}
