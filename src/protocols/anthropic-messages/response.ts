/** Whole messages: what they used, and whether they answer anything. */
import { parseSpan, scanElements, type JsonMembers } from '../json-scan.js';
import { NOTHING_STATED, type StatedUsage } from '../usage.js';
import { readUsage } from './usage.js';

export function usageOfAnswer(body: Buffer, members: JsonMembers): StatedUsage {
  const usage = members.values.get('usage');
  return usage === undefined ? NOTHING_STATED : readUsage(parseSpan(body, usage));
}

/** A refusal may have nothing more to say; everything else that says nothing is no answer. */
export function isAnswer(members: JsonMembers, body: Buffer): boolean {
  const content = members.values.get('content');
  if (content === undefined) return false;
  let blocks = 0;
  scanElements(body, content.start, () => {
    blocks++;
    return false;
  });
  const reason = members.values.get('stop_reason');
  return blocks > 0 || (reason !== undefined && parseSpan(body, reason) === 'refusal');
}
