/** Tools as function declarations, and which of them may or must be called. https://ai.google.dev/gemini-api/docs/function-calling */
import type { CanonicalRequest, CanonicalTool, CanonicalToolChoice } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { objectOf } from '../fields.js';
import { functionOf } from '../free-text.js';
import { cleanSchema } from '../repairs.js';
import type { Target } from '../target.js';
import type { Notes } from '../notes.js';

/** The members `tools` and `toolConfig` of a request; none when there are no tools. */
export function writeTools(
  { tools, toolChoice }: CanonicalRequest,
  target: Target,
  notes: Notes,
): JsonObject {
  if (tools.length === 0) return {};
  return {
    tools: [{ functionDeclarations: tools.map((tool) => declarationOf(tool, target, notes)) }],
    ...(toolChoice !== null && { toolConfig: { functionCallingConfig: callingConfigOf(toolChoice) } }),
  };
}

function declarationOf(tool: CanonicalTool, target: Target, notes: Notes): JsonObject {
  if (tool.cache) notes.drop('cache_control');
  if (tool.strict === true) notes.drop('strict');
  const { description, parameters } = functionOf(tool);
  return {
    name: tool.name,
    ...(description !== null && { description }),
    ...parametersOf(parameters, target, notes),
  };
}

/** The schema as it is, or in the subset of the older field; left out for a function without parameters, as documented. */
function parametersOf(schema: JsonObject, target: Target, notes: Notes): JsonObject {
  if (Object.keys(objectOf(schema['properties'])).length === 0 && !isComposed(schema)) return {};
  if (target.quirks.schema === undefined) return { parametersJsonSchema: withoutDialect(schema) };
  const clean = cleanSchema(schema, target.quirks.schema);
  if (clean.changed) notes.repair('tool_schema');
  return { parameters: clean.schema };
}

/** The name of the schema's own dialect is not for the model. */
export function withoutDialect({ $schema: _, ...schema }: JsonObject): JsonObject {
  return schema;
}

function isComposed(schema: JsonObject): boolean {
  return ['$ref', 'anyOf', 'oneOf', 'allOf', 'additionalProperties', 'patternProperties'].some(
    (key) => schema[key] !== undefined && schema[key] !== false,
  );
}

function callingConfigOf(choice: CanonicalToolChoice): JsonObject {
  switch (choice.kind) {
    case 'auto':
      return { mode: 'AUTO' };
    case 'none':
      return { mode: 'NONE' };
    case 'required':
      return { mode: 'ANY' };
    case 'tool':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
  }
}
