/** Reads a Responses request into the neutral form. */
import { AppError } from '../../domain/errors.js';
import {
  REASONING_EFFORTS,
  type CanonicalMessage,
  type OutputFormat,
  type ReasoningWish,
  type Sampling,
} from '../canonical.js';
import type { JsonObject, ReadRequest } from '../dialect.js';
import {
  isStated,
  listOf,
  optionalBoolean,
  optionalCount,
  optionalNumber,
  optionalObject,
  optionalText,
  optionalWord,
  requiredName,
  requiredObject,
  text,
  unknownMembers,
  wrong,
} from '../fields.js';
import { readInput } from './client-input.js';
import { readToolChoice, readTools } from './client-tools.js';

/** What is read, or has nothing to say to another provider. Everything else is dropped by its name. */
const KNOWN: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'max_output_tokens',
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
  'reasoning',
  'text',
  'include',
  'metadata',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'service_tier',
  'stream',
]);

/** Fields whose usual value asks for nothing; another one is dropped by name. */
const USUAL: Readonly<Record<string, unknown>> = {
  store: false,
  background: false,
  truncation: 'disabled',
  top_logprobs: 0,
};

/** What can be included of what there is. */
const INCLUDABLE = 'reasoning.encrypted_content';

export function readRequest(body: JsonObject): ReadRequest {
  refuseState(body);
  const stated = readTools(body);
  const input = readInput(body, stated.tools);
  const { choice, tools } = readToolChoice(body, [...stated.tools, ...input.tools]);
  const wish = readReasoning(body);
  const form = readText(body);
  const dropped = [
    ...unknownMembers(body, KNOWN).filter((key) => body[key] !== USUAL[key] && !isPlainStreaming(key, body)),
    ...stated.dropped,
    ...input.dropped,
    ...listOf(body['include'])
      .filter((wanted) => wanted !== INCLUDABLE)
      .map((wanted) => `include.${text(wanted) ?? ''}`),
    ...wish.dropped,
    ...form.dropped,
  ];
  return {
    dropped: [...new Set(dropped)],
    request: {
      messages: [...readInstructions(body), ...input.messages],
      tools,
      toolChoice: choice,
      parallelToolCalls: optionalBoolean(body, 'parallel_tool_calls'),
      maxOutputTokens: optionalCount(body, 'max_output_tokens'),
      stop: [],
      sampling: readSampling(body),
      reasoning: wish.reasoning,
      output: form.output,
      verbosity: form.verbosity,
      userId: optionalText(body, 'safety_identifier') ?? optionalText(body, 'user'),
      metadata: readMetadata(body),
      cacheKey: optionalText(body, 'prompt_cache_key'),
      serviceTier: optionalText(body, 'service_tier'),
      stream: optionalBoolean(body, 'stream') ?? false,
      wantsUsage: true,
    },
  };
}

/** What builds on something the provider would have kept. Left out silently, the model would answer without its past. */
function refuseState(body: JsonObject): void {
  const refuse = (field: string, why: string): void => {
    if (isStated(body[field])) throw new AppError('BAD_REQUEST', `\`${field}\` ${why}`, { field: [field] });
  };
  const whole = 'and this gateway keeps none. Send the whole conversation in `input`, with `store: false`.';
  refuse('previous_response_id', `builds on an earlier answer, ${whole}`);
  refuse('conversation', `names a stored conversation, ${whole}`);
  refuse(
    'prompt',
    'names a template stored at OpenAI. Send what it says in `instructions` and `input`, and its settings as fields of the request.',
  );
  if (optionalBoolean(body, 'background') === true) {
    throw new AppError(
      'BAD_REQUEST',
      '`background` asks to keep the answer for later, and this gateway keeps none. Leave it out, and stream what takes long.',
      { field: ['background'] },
    );
  }
}

/** Streams without padding are what callers get anyway. */
function isPlainStreaming(key: string, body: JsonObject): boolean {
  return (
    key === 'stream_options' &&
    optionalBoolean(optionalObject(body, key) ?? {}, 'include_obfuscation', key) !== true
  );
}

function readInstructions(body: JsonObject): readonly CanonicalMessage[] {
  const instructions = optionalText(body, 'instructions') ?? '';
  return instructions === '' ? [] : [{ role: 'system', content: [{ type: 'text', text: instructions }] }];
}

function readSampling(body: JsonObject): Sampling {
  const temperature = optionalNumber(body, 'temperature');
  const topP = optionalNumber(body, 'top_p');
  const presencePenalty = optionalNumber(body, 'presence_penalty');
  const frequencyPenalty = optionalNumber(body, 'frequency_penalty');
  return {
    ...(temperature !== null && { temperature }),
    ...(topP !== null && { topP }),
    ...(presencePenalty !== null && { presencePenalty }),
    ...(frequencyPenalty !== null && { frequencyPenalty }),
  };
}

const REASONING_FIELDS: ReadonlySet<string> = new Set(['effort', 'summary', 'generate_summary']);
/** Every thought the caller sends goes on to the model it is from; fewer cannot be asked for. */
const USUAL_CONTEXTS: readonly unknown[] = ['auto', 'all_turns'];

function readReasoning(body: JsonObject): {
  readonly reasoning: ReasoningWish | null;
  readonly dropped: readonly string[];
} {
  const stated = optionalObject(body, 'reasoning') ?? {};
  const effort = optionalWord(stated, 'effort', REASONING_EFFORTS, 'reasoning');
  const summary =
    optionalText(stated, 'summary', 'reasoning') ?? optionalText(stated, 'generate_summary', 'reasoning');
  const visible = summary === null ? null : summary !== 'none';
  return {
    reasoning: effort === null && visible === null ? null : { effort, budgetTokens: null, visible },
    dropped: unknownMembers(stated, REASONING_FIELDS)
      .filter((key) => key !== 'context' || !USUAL_CONTEXTS.includes(stated[key]))
      .map((key) => `reasoning.${key}`),
  };
}

const TEXT_FIELDS: ReadonlySet<string> = new Set(['format', 'verbosity']);

function readText(body: JsonObject): {
  readonly output: OutputFormat | null;
  readonly verbosity: 'low' | 'medium' | 'high' | null;
  readonly dropped: readonly string[];
} {
  const stated = optionalObject(body, 'text') ?? {};
  return {
    output: readFormat(optionalObject(stated, 'format', 'text')),
    verbosity: optionalWord(stated, 'verbosity', ['low', 'medium', 'high'], 'text'),
    dropped: unknownMembers(stated, TEXT_FIELDS).map((key) => `text.${key}`),
  };
}

function readFormat(format: JsonObject | null): OutputFormat | null {
  const at = 'text.format';
  switch (format?.['type']) {
    case undefined:
    case 'text':
      return null;
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema':
      return {
        kind: 'schema',
        name: requiredName(format, 'name', at),
        description: optionalText(format, 'description', at),
        schema: requiredObject(format, 'schema', at),
        strict: optionalBoolean(format, 'strict', at),
      };
    default:
      throw wrong(`${at}.type`, 'one of text, json_object, json_schema');
  }
}

function readMetadata(body: JsonObject): Readonly<Record<string, string>> | null {
  const stated = optionalObject(body, 'metadata');
  if (stated === null) return null;
  const pairs = Object.entries(stated).map(([key, value]): [string, string] => {
    if (typeof value !== 'string') throw wrong(`metadata.${key}`, 'a string');
    return [key, value];
  });
  return Object.fromEntries(pairs);
}
