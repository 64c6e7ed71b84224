/** Whole responses: what they used, and whether they answer anything. */
import { parseSpan, scanElements, type JsonMembers } from '../json-scan.js';
import { NOTHING_STATED, type StatedUsage } from '../usage.js';
import { readUsage } from './usage.js';

export function usageOfAnswer(body: Buffer, members: JsonMembers): StatedUsage {
  const usage = members.values.get('usage');
  return usage === undefined ? NOTHING_STATED : readUsage(parseSpan(body, usage));
}

/** A response may come with status 200 and say that it failed, or bring nothing. */
export function isAnswer(members: JsonMembers, body: Buffer): boolean {
  const status = members.values.get('status');
  if (status !== undefined && parseSpan(body, status) === 'failed') return false;
  const output = members.values.get('output');
  if (output === undefined) return false;
  let items = 0;
  scanElements(body, output.start, () => {
    items++;
    return false;
  });
  return items > 0;
}
