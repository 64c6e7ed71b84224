/** Tools as Responses callers state them: functions, free text, namespaces of both, and those the provider would run. */
import { AppError } from '../../domain/errors.js';
import type { CanonicalTool, CanonicalToolChoice } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import {
  isObject,
  isStated,
  optionalBoolean,
  optionalObject,
  optionalObjects,
  optionalText,
  optionalWord,
  requiredName,
  text,
  wrong,
} from '../fields.js';
import { plainName } from './tool-names.js';

export interface ToolReading {
  readonly tools: readonly CanonicalTool[];
  readonly dropped: readonly string[];
}

const NO_PARAMETERS: JsonObject = { type: 'object', properties: {} };
/** The search for further tools that Codex runs itself. */
const TOOL_SEARCH = 'tool_search';

/** The list of tools at `key`, in the body or in an item that brings further ones. */
export function readTools(holder: JsonObject, at = ''): ToolReading {
  const tools: CanonicalTool[] = [];
  const dropped: string[] = [];
  for (const [tool, where] of optionalObjects(holder, 'tools', at)) {
    const type = requiredName(tool, 'type', where);
    if (type === 'namespace') {
      const namespace = requiredName(tool, 'name', where);
      for (const [inner, innerWhere] of optionalObjects(tool, 'tools', where)) {
        tools.push(readTool(inner, innerWhere, namespace));
      }
    } else if (isCallable(tool)) tools.push(readTool(tool, where, null));
    else dropped.push(`hosted_tools.${type}`);
  }
  return { tools, dropped };
}

function isCallable({ type, execution }: JsonObject): boolean {
  return type === 'function' || type === 'custom' || (type === TOOL_SEARCH && execution === 'client');
}

function readTool(tool: JsonObject, at: string, namespace: string | null): CanonicalTool {
  const description = optionalText(tool, 'description', at);
  if (tool['type'] === TOOL_SEARCH) {
    return {
      name: TOOL_SEARCH,
      description,
      parameters: optionalObject(tool, 'parameters', at) ?? NO_PARAMETERS,
      strict: null,
      callFields: { type: 'tool_search_call', execution: 'client' },
    };
  }
  const ownName = requiredName(tool, 'name', at);
  const name = plainName(namespace, ownName);
  const callFields = namespace === null ? {} : { callFields: { name: ownName, namespace } };
  if (tool['type'] === 'custom') {
    const format = optionalObject(tool, 'format', at) ?? { type: 'text' };
    return { name, description, parameters: null, strict: null, freeText: format, ...callFields };
  }
  if (tool['type'] !== 'function') throw wrong(`${at}.type`, 'function or custom');
  const parameters = optionalObject(tool, 'parameters', at) ?? NO_PARAMETERS;
  return { name, description, parameters, strict: optionalBoolean(tool, 'strict', at), ...callFields };
}

export interface ToolChoiceReading {
  readonly choice: CanonicalToolChoice | null;
  /** Those the model may choose from. */
  readonly tools: readonly CanonicalTool[];
}

/** Which tool is to be called. One that cannot be carried over must not be forced. */
export function readToolChoice(body: JsonObject, tools: readonly CanonicalTool[]): ToolChoiceReading {
  const stated = body['tool_choice'];
  if (!isStated(stated)) return { choice: null, tools };
  if (!isObject(stated)) {
    const kind = optionalWord(body, 'tool_choice', ['auto', 'none', 'required']) ?? 'auto';
    if (kind === 'required' && tools.length === 0) throw nothingToRequire();
    return { choice: { kind }, tools };
  }
  if (stated['type'] === 'allowed_tools') return readAllowed(stated, tools);
  const name = nameOfChoice(stated);
  if (name === null) {
    throw new AppError(
      'BAD_REQUEST',
      `\`tool_choice\` forces \`${text(stated['type']) ?? ''}\`, which only its own provider could run. Choose a function or custom tool, or leave the choice to the model.`,
      { field: ['tool_choice'] },
    );
  }
  if (!tools.some((tool) => tool.name === name))
    throw wrong('tool_choice.name', `the name of one of \`tools\`, which \`${name}\` is not`);
  return { choice: { kind: 'tool', name }, tools };
}

function readAllowed(stated: JsonObject, tools: readonly CanonicalTool[]): ToolChoiceReading {
  const kind = optionalWord(stated, 'mode', ['auto', 'required'], 'tool_choice') ?? 'auto';
  const allowed = new Set(
    optionalObjects(stated, 'tools', 'tool_choice').map(([tool]) => nameOfChoice(tool)),
  );
  const left = tools.filter((tool) => allowed.has(tool.name));
  if (kind === 'required' && left.length === 0) throw nothingToRequire();
  // To allow none of those that are left is to forbid them all, and a model without tools needs no choice.
  return { choice: left.length > 0 ? { kind } : null, tools: left };
}

/** The tool that a choice names; null when it is none that the caller runs. */
function nameOfChoice(choice: JsonObject): string | null {
  if (choice['type'] === TOOL_SEARCH) return TOOL_SEARCH;
  if (choice['type'] !== 'function' && choice['type'] !== 'custom') return null;
  return plainName(
    optionalText(choice, 'namespace', 'tool_choice'),
    requiredName(choice, 'name', 'tool_choice'),
  );
}

function nothingToRequire(): AppError {
  return new AppError(
    'BAD_REQUEST',
    '`tool_choice` requires a call, and `tools` has no function or custom tool. Tools that only their own provider can run are not carried over.',
    { field: ['tool_choice'] },
  );
}
