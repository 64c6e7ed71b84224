/** Whole chat completions: what they used, and whether they answer anything. */
import { parseSpan, type JsonMembers } from '../json-scan.js';
import { NOTHING_STATED, type StatedUsage } from '../usage.js';
import { readUsage } from './usage.js';

export function usageOfAnswer(body: Buffer, members: JsonMembers): StatedUsage {
  const usage = members.values.get('usage');
  return usage === undefined ? NOTHING_STATED : readUsage(parseSpan(body, usage));
}

export function isAnswer(members: JsonMembers): boolean {
  return members.values.has('choices');
}
