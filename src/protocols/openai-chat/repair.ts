/**
 * Edits on the bytes of a chat request that is passed on to a provider of the same format, only where that provider
 * declares to need them. What no rule is about stays as the caller wrote it, byte for byte.
 */
import type { JsonObject, PassthroughRepair, RepairPassthrough } from '../dialect.js';
import { isObject, isStated, listOf, objectOf } from '../fields.js';
import { appendMember, parseSpan, type Edit, type JsonMembers, type Member } from '../json-scan.js';
import { clampOutput, cleanSchema } from '../repairs.js';
import type { Target } from '../target.js';
import { cannotForce, cannotFormat, instructionFor, NOT_TO_THINK } from './provider-request.js';
import { isForeignForm, knowsEffort, readReasoning, REASONING_FIELDS, writeReasoning } from './reasoning.js';
import { removalOf } from './remove-members.js';
import { repairMessages } from './repair-messages.js';
import type { Repairing } from './repairing.js';

export const openaiChatRepair: RepairPassthrough = (body, members, target): PassthroughRepair => {
  const repairing: Repairing = {
    body,
    members,
    target,
    edits: [],
    removed: new Set(),
    repairs: new Set(),
  };
  repairBounds(repairing);
  repairThinking(repairing);
  repairTools(repairing);
  const instruction = repairFormat(repairing);
  repairMessages(repairing, instruction);
  removeRefused(repairing);
  const { edits, removed, repairs } = repairing;
  // What is taken out needs no other change.
  const kept = edits.filter((edit) => !isWithin(edit, members, removed));
  return { edits: [...kept, ...removalOf(members, removed)], repairs: [...repairs] };
};

function repairBounds(repairing: Repairing): void {
  const { target, edits, repairs } = repairing;
  const { temperatureMax = Infinity, stopMax = Infinity } = target.quirks;
  repairMaxTokens(repairing);
  const temperature = temperatureMax === Infinity ? null : stated(repairing, 'temperature');
  if (typeof temperature?.value === 'number' && temperature.value > temperatureMax) {
    edits.push({ ...temperature.member, text: String(temperatureMax) });
    repairs.add('temperature_clamped');
  }
  const stop = stopMax === Infinity ? null : stated(repairing, 'stop');
  if (Array.isArray(stop?.value) && stop.value.length > stopMax) {
    edits.push({ ...stop.member, text: JSON.stringify(stop.value.slice(0, stopMax)) });
    repairs.add('stop_shortened');
  }
}

/** Under the name the target knows, and no more than it can write. */
function repairMaxTokens(repairing: Repairing): void {
  const { target, edits, removed, repairs } = repairing;
  const field = target.quirks.maxTokensField;
  for (const name of ['max_completion_tokens', 'max_tokens'] as const) {
    if (!repairing.members.values.has(name) || (field === undefined && target.maxOutputTokens === null))
      continue;
    const bound = stated(repairing, name);
    const isForeign = field !== undefined && field !== name;
    const isDouble = isForeign && repairing.members.values.has(field);
    if (bound === null || isDouble) {
      if (isForeign) removed.add(name);
      if (isDouble) repairs.add('max_tokens_renamed');
      continue;
    }
    const wanted = typeof bound.value === 'number' ? clampOutput(bound.value, target) : null;
    const clamped = wanted?.clamped === true ? wanted.value : null;
    if (clamped !== null) {
      edits.push({ ...bound.member, text: String(clamped) });
      repairs.add('max_tokens_clamped');
    }
    if (isForeign) {
      const { keyStart: start, start: end } = bound.member;
      edits.push({ start, end, text: `${JSON.stringify(field)}:` });
      repairs.add('max_tokens_renamed');
    }
  }
}

/** In the form the target takes. One that is its own already, with an effort it knows, is left alone. */
function repairThinking(repairing: Repairing): void {
  const { members, target, edits, removed, repairs } = repairing;
  const { reasoningControl, efforts, forcedToolsEndThinking = false } = target.quirks;
  if (reasoningControl === undefined && efforts === undefined) return;
  // Most requests say nothing of it.
  if (!forcedToolsEndThinking && !REASONING_FIELDS.some((field) => members.values.has(field))) return;
  const body = Object.fromEntries(
    REASONING_FIELDS.flatMap((field) => {
      const found = stated(repairing, field);
      return found === null ? [] : [[field, found.value] as const];
    }),
  );
  const fields = Object.keys(body);
  const wish = readReasoning(body);
  const ended = forcedToolsEndThinking && isForced(stated(repairing, 'tool_choice')?.value);
  const isOwnForm = !fields.some((field) => isForeignForm(field, target)) && knowsEffort(body, target);
  if (isOwnForm && (!ended || wish?.effort === 'none')) return;
  const written = writeReasoning(ended ? NOT_TO_THINK : wish, target).fields;
  for (const field of fields) if (!(field in written)) removed.add(field);
  for (const [field, value] of Object.entries(written)) {
    const json = JSON.stringify(value);
    const member = members.values.get(field);
    edits.push(member === undefined ? appendMember(members, field, json) : { ...member, text: json });
  }
  repairs.add(ended ? 'thinking_off' : 'reasoning_effort');
}

/** Whether a `tool_choice` leaves the model no way but to call. */
function isForced(choice: unknown): boolean {
  return choice === 'required' || isObject(choice);
}

function repairTools(repairing: Repairing): void {
  const { target, edits, removed, repairs } = repairing;
  const { toolChoiceAutoOnly, schema } = target.quirks;
  const choice = toolChoiceAutoOnly === true ? (stated(repairing, 'tool_choice')?.value ?? 'auto') : 'auto';
  if (choice !== 'auto' && choice !== 'none') throw cannotForce(target);
  if (choice === 'none') {
    for (const field of ['tools', 'tool_choice', 'parallel_tool_calls']) removed.add(field);
    repairs.add('tool_choice');
    return;
  }
  const tools = schema === undefined ? null : stated(repairing, 'tools');
  if (tools === null) return;
  let changed = false;
  const cleaned = listOf(tools.value).map((tool) => {
    const clean = cleanTool(tool, target);
    changed ||= clean !== tool;
    return clean;
  });
  if (!changed) return;
  edits.push({ ...tools.member, text: JSON.stringify(cleaned) });
  repairs.add('tool_schema');
}

function cleanTool(tool: unknown, target: Target): unknown {
  const called = objectOf(objectOf(tool)['function']);
  const parameters = called['parameters'];
  if (!isObject(tool) || !isObject(parameters)) return tool;
  const { schema, changed } = cleanSchema(parameters, target.quirks.schema);
  return changed ? { ...tool, function: { ...called, parameters: schema } } : tool;
}

/** Makes the format one the target knows; returns the message that says the rest in words, if one has to. */
function repairFormat(repairing: Repairing): JsonObject | null {
  const { target, edits, repairs } = repairing;
  const known = target.quirks.responseFormat;
  const format = known === undefined ? null : stated(repairing, 'response_format');
  const type = objectOf(format?.value)['type'];
  if (format === null || (type !== 'json_object' && type !== 'json_schema')) return null;
  if (known === 'none') throw cannotFormat(target);
  if (type === 'json_object') return null;
  edits.push({ ...format.member, text: '{"type":"json_object"}' });
  repairs.add('response_format');
  const schema = objectOf(objectOf(format.value)['json_schema'])['schema'];
  return isObject(schema) ? instructionFor(schema) : null;
}

function removeRefused({ members, target, removed, repairs }: Repairing): void {
  const { refusedFields = [], noStreamOptions } = target.quirks;
  for (const field of noStreamOptions === true ? [...refusedFields, 'stream_options'] : refusedFields) {
    if (!members.values.has(field)) continue;
    removed.add(field);
    repairs.add(`removed.${field}`);
  }
}

function isWithin(edit: Edit, members: JsonMembers, names: ReadonlySet<string>): boolean {
  return [...names].some((name) => {
    const member = members.values.get(name);
    // What is inserted right behind it is about another member.
    return member !== undefined && edit.start >= member.keyStart && edit.start < member.end;
  });
}

/** A member that says something, with what it says; null when it is absent. */
function stated(
  { body, members }: Repairing,
  field: string,
): { readonly member: Member; readonly value: unknown } | null {
  const member = members.values.get(field);
  if (member === undefined) return null;
  const value = parseSpan(body, member);
  return isStated(value) ? { member, value } : null;
}
