/** Tools of a chat request and which of them the model may or must call, in every form there is. */
import { AppError } from '../../domain/errors.js';
import type { CanonicalTool, CanonicalToolChoice } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import {
  isObject,
  isStated,
  objectOf,
  optionalBoolean,
  optionalObject,
  optionalObjects,
  optionalText,
  optionalWord,
  pathOf,
  requiredName,
  requiredObject,
  text,
  wrong,
} from '../fields.js';
import { readCache } from './client-parts.js';

export interface ToolReading {
  readonly tools: readonly CanonicalTool[];
  readonly toolChoice: CanonicalToolChoice | null;
}

const NO_PARAMETERS: JsonObject = { type: 'object', properties: {} };
const CHOICES = 'none, auto, required, or an object that names a tool';

export function readTools(body: JsonObject, dropped: Set<string>): ToolReading {
  const tools: CanonicalTool[] = [];
  const hosted = new Set<string>();
  for (const [tool, at] of optionalObjects(body, 'tools')) {
    const read = readTool(tool, at);
    if (typeof read === 'string') hosted.add(read);
    else tools.push(read);
  }
  for (const [tool, at] of optionalObjects(body, 'functions')) tools.push(readFunction(tool, at));
  for (const type of hosted) dropped.add(`hosted_tools.${type}`);
  const choice = readChoice(body);
  const reading = choice.allowed === null ? { tools } : { tools: tools.filter(isAmong(choice.allowed)) };
  checkForced(choice.choice, reading.tools, hosted);
  return { ...reading, toolChoice: choice.choice };
}

/** A tool the caller runs, or the type of one that the provider would run. */
function readTool(tool: JsonObject, at: string): CanonicalTool | string {
  const type = tool['type'];
  if (type === 'custom' && isObject(tool['custom'])) return readCustom(tool, at);
  if (type === 'function' || (!isStated(type) && isObject(tool['function']))) {
    const stated = requiredObject(tool, 'function', at);
    return { ...readFunction(stated, pathOf(at, 'function')), ...readCache(stated), ...readCache(tool) };
  }
  if (typeof type !== 'string' || type === 'custom') throw wrong(at, 'a tool of type function or custom');
  return type;
}

function readFunction(stated: JsonObject, at: string): CanonicalTool {
  return {
    name: requiredName(stated, 'name', at),
    description: optionalText(stated, 'description', at),
    parameters: optionalObject(stated, 'parameters', at) ?? NO_PARAMETERS,
    strict: optionalBoolean(stated, 'strict', at),
  };
}

function readCustom(tool: JsonObject, at: string): CanonicalTool {
  const where = pathOf(at, 'custom');
  const custom = requiredObject(tool, 'custom', at);
  const format = optionalObject(custom, 'format', where) ?? { type: 'text' };
  const grammar = optionalObject(format, 'grammar', pathOf(where, 'format'));
  return {
    name: requiredName(custom, 'name', where),
    description: optionalText(custom, 'description', where),
    parameters: null,
    strict: null,
    // The newer API states the grammar beside its type; that is the form kept.
    freeText: grammar === null ? format : { type: 'grammar', ...grammar },
    ...readCache(tool),
  };
}

interface Choice {
  readonly choice: CanonicalToolChoice | null;
  /** Names the call is limited to; null for all. */
  readonly allowed: ReadonlySet<string> | null;
}

function readChoice(body: JsonObject): Choice {
  const field = isStated(body['tool_choice']) ? 'tool_choice' : 'function_call';
  const stated = body[field];
  if (!isStated(stated)) return { choice: null, allowed: null };
  if (typeof stated === 'string') return { choice: { kind: kindOf(stated, field) }, allowed: null };
  if (!isObject(stated)) throw wrong(field, CHOICES);
  if (stated['type'] === 'allowed_tools') return readAllowed(stated, field);
  // Some clients write the words as objects, as Anthropic's API has them.
  const named = nameOf(stated);
  if (named !== null) return { choice: { kind: 'tool', name: named }, allowed: null };
  return { choice: { kind: kindOf(stated['type'], field) }, allowed: null };
}

function readAllowed(choice: JsonObject, field: string): Choice {
  const at = pathOf(field, 'allowed_tools');
  const allowed = optionalObject(choice, 'allowed_tools', field) ?? choice;
  const kind = optionalWord(allowed, 'mode', ['auto', 'required'], at) ?? 'auto';
  const names = optionalObjects(allowed, 'tools', at).map(([tool, where]) => {
    const name = nameOf(tool);
    if (name === null) throw wrong(where, 'an object that names a tool');
    return name;
  });
  return { choice: { kind }, allowed: new Set(names) };
}

function kindOf(word: unknown, field: string): 'auto' | 'none' | 'required' {
  if (word === 'auto' || word === 'none' || word === 'required') return word;
  // Mistral's word for it.
  if (word === 'any') return 'required';
  if (typeof word !== 'string') throw wrong(field, CHOICES);
  throw wrong(field, `${CHOICES} that this gateway's callers run; \`${word}\` is none`);
}

function nameOf(choice: JsonObject): string | null {
  return (
    text(objectOf(choice['function'])['name']) ??
    text(objectOf(choice['custom'])['name']) ??
    text(choice['name'])
  );
}

function isAmong(names: ReadonlySet<string>): (tool: CanonicalTool) => boolean {
  return (tool) => names.has(tool.name);
}

/** A call that is demanded must be possible. */
function checkForced(
  choice: CanonicalToolChoice | null,
  tools: readonly CanonicalTool[],
  hosted: ReadonlySet<string>,
): void {
  if (choice?.kind === 'tool' && !tools.some((tool) => tool.name === choice.name)) {
    throw wrong('tool_choice', `the name of one of the tools; \`${choice.name}\` is none of them`);
  }
  if (choice?.kind !== 'required' || tools.length > 0) return;
  const [type] = hosted;
  if (type === undefined) throw wrong('tools', 'a list of at least one tool when a call is required');
  throw new AppError(
    'BAD_REQUEST',
    `A call is required, but the only tools are run by the provider (\`${type}\`), which cannot be translated for the model chosen; use tools of type function.`,
    { field: ['tool_choice'] },
  );
}
