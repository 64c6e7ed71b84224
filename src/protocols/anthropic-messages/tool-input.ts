/** Arguments of a tool call: an object here, the model's own JSON text in the neutral form. */
import type { JsonObject } from '../dialect.js';
import { parsedArguments } from '../fields.js';

/**
 * The object for a call's arguments. What the model wrote and is no JSON object is kept under a name of its own, the one
 * Anthropic's documentation gives for it, so that whoever runs the tool sees what was wrong.
 */
export function inputObject(json: string): JsonObject {
  if (json.trim() === '') return {};
  return parsedArguments(json) ?? { INVALID_JSON: json };
}
