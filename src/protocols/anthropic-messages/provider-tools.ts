/** Writes tools, and which of them is to be called, in Anthropic's form. */
import { AppError } from '../../domain/errors.js';
import type { CanonicalRequest, CanonicalTool } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { functionOf } from '../free-text.js';
import type { Target } from '../target.js';
import { writeMarker, type Block } from './cache-markers.js';
import type { Notes } from '../notes.js';

export interface Tooling {
  readonly tools: readonly Block[];
  readonly choice: JsonObject | null;
}

export function writeTools(request: CanonicalRequest, target: Target, notes: Notes): Tooling {
  const tools = request.tools.map((tool) => writeTool(tool, target, notes));
  return { tools, choice: writeChoice(request, target) };
}

function writeTool(tool: CanonicalTool, target: Target, notes: Notes): Block {
  const { description, parameters } = functionOf(tool);
  if (parameters['type'] !== 'object') notes.repair('tool_schema');
  const strict = tool.strict === true && target.capabilities.includes('STRUCTURED_OUTPUT');
  if (tool.strict === true && !strict) notes.drop('strict');
  return {
    name: tool.name,
    ...(description !== null && { description }),
    // Arguments are an object whether or not the schema says so; here it has to.
    input_schema: parameters['type'] === 'object' ? parameters : { ...parameters, type: 'object' },
    ...(strict && { strict }),
    ...writeMarker(tool.cache),
  };
}

function writeChoice(request: CanonicalRequest, target: Target): JsonObject | null {
  const { tools, toolChoice, parallelToolCalls } = request;
  const forced = toolChoice?.kind === 'required' || toolChoice?.kind === 'tool';
  if (tools.length === 0) {
    if (forced) throw impossible('`tool_choice` forces a call, but there is no tool to call.');
    return null;
  }
  if (forced && target.quirks.toolChoiceAutoOnly === true)
    throw impossible(
      `${target.model} cannot be made to call a tool: \`tool_choice\` must be \`auto\` or \`none\`.`,
    );
  const serial = parallelToolCalls === false && { disable_parallel_tool_use: true };
  switch (toolChoice?.kind) {
    case undefined:
      return serial === false ? null : { type: 'auto', ...serial };
    case 'auto':
      return { type: 'auto', ...serial };
    case 'required':
      return { type: 'any', ...serial };
    case 'tool':
      if (tools.every((tool) => tool.name !== toolChoice.name))
        throw impossible(`\`tool_choice\` names \`${toolChoice.name}\`, which is not among the tools.`);
      return { type: 'tool', name: toolChoice.name, ...serial };
    case 'none':
      return { type: 'none' };
  }
}

function impossible(message: string): AppError {
  return new AppError('BAD_REQUEST', message, { field: ['tool_choice'] });
}
