/** Whole chat completions: what they used, and whether they answer anything. */
import type { JsonObject } from '../dialect.js';
import { isObject, isStated, listOf, objectOf, parsedJson, text } from '../fields.js';
import { parseSpan, type JsonMembers } from '../json-scan.js';
import { NOTHING_STATED, type StatedUsage } from '../usage.js';
import { failureIn } from './stream.js';
import { readUsage, usageOfFrame } from './usage.js';

export function usageOfAnswer(body: Buffer, members: JsonMembers): StatedUsage {
  const usage = members.values.get('usage');
  if (usage !== undefined) return readUsage(parseSpan(body, usage));
  const elsewhere = ['choices', 'x_groq'].some((key) => members.values.has(key));
  return elsewhere ? usageOfFrame(parsedJson(body.toString('utf8'))) : NOTHING_STATED;
}

/** Reasons for silence that are an answer: all tokens went into hidden thoughts, or what was said was held back. */
const SILENCES: ReadonlySet<unknown> = new Set(['length', 'content_filter']);

/** Whether any of its choices says something: providers that break down may answer 200 with nothing in it. */
export function isAnswer(members: JsonMembers, body: Buffer): boolean {
  const choices = members.values.get('choices');
  if (choices === undefined) return false;
  const stated = parsedJson(body.toString('utf8', choices.start, choices.end));
  // Looser than JSON allows: the client's to judge.
  if (stated === undefined) return true;
  if (failureIn({ choices: stated })) return false;
  return listOf(stated).map(objectOf).some(isSpoken);
}

function isSpoken(choice: JsonObject): boolean {
  if (SILENCES.has(choice['finish_reason'])) return true;
  const message = objectOf(choice['message']);
  const spoken = ['content', 'refusal', 'reasoning_content', 'reasoning'].some((key) => isSaid(message[key]));
  const called = listOf(message['tool_calls']).length > 0 || isObject(message['function_call']);
  return spoken || called || listOf(message['reasoning_details']).length > 0 || isStated(message['audio']);
}

function isSaid(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(text(value));
}
