/** Reads the tools of a messages request, and which of them is to be called. */
import type { CanonicalRequest, CanonicalTool, CanonicalToolChoice } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import {
  optionalBoolean,
  optionalObject,
  optionalObjects,
  optionalText,
  optionalWord,
  requiredName,
  requiredObject,
  unknownMembers,
  wrong,
} from '../fields.js';
import { readMarker } from './client-content.js';
import type { Notes } from '../notes.js';

type Tooling = Pick<CanonicalRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>;

const KNOWN = new Set(['type', 'name', 'description', 'input_schema', 'strict', 'cache_control']);
const CHOICES = ['auto', 'any', 'tool', 'none'] as const;

export function readTools(body: JsonObject, notes: Notes): Tooling {
  const tools: CanonicalTool[] = [];
  for (const [tool, at] of optionalObjects(body, 'tools')) {
    const type = optionalText(tool, 'type', at) ?? 'custom';
    // Tools with a type of their own are known to, and partly run by, Anthropic's models alone.
    if (type === 'custom') tools.push(readTool(tool, at, notes));
    else notes.drop(`hosted_tools.${type}`);
  }
  return { tools, ...readChoice(body, tools) };
}

function readTool(tool: JsonObject, at: string, notes: Notes): CanonicalTool {
  const cache = readMarker(tool, at);
  notes.drop(...unknownMembers(tool, KNOWN).map((key) => `tools.${key}`));
  return {
    name: requiredName(tool, 'name', at),
    description: optionalText(tool, 'description', at),
    parameters: requiredObject(tool, 'input_schema', at),
    strict: optionalBoolean(tool, 'strict', at),
    ...(cache && { cache }),
  };
}

function readChoice(
  body: JsonObject,
  tools: readonly CanonicalTool[],
): Pick<Tooling, 'toolChoice' | 'parallelToolCalls'> {
  const choice = optionalObject(body, 'tool_choice');
  if (choice === null) return { toolChoice: null, parallelToolCalls: null };
  const serial = optionalBoolean(choice, 'disable_parallel_tool_use', 'tool_choice');
  return { toolChoice: choiceOf(choice, tools), parallelToolCalls: serial === null ? null : !serial };
}

function choiceOf(choice: JsonObject, tools: readonly CanonicalTool[]): CanonicalToolChoice {
  const type = optionalWord(choice, 'type', CHOICES, 'tool_choice');
  switch (type) {
    case null:
      throw wrong('tool_choice.type', `one of ${CHOICES.join(', ')}`);
    case 'auto':
    case 'none':
      return { kind: type };
    case 'any':
      if (tools.length === 0)
        throw wrong('tool_choice', '`auto` or `none` unless a tool of your own is listed');
      return { kind: 'required' };
    case 'tool': {
      const name = requiredName(choice, 'name', 'tool_choice');
      if (tools.every((tool) => tool.name !== name))
        throw wrong('tool_choice.name', 'the name of a tool of your own that is listed under `tools`');
      return { kind: 'tool', name };
    }
  }
}
