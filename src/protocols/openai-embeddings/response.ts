/** Whole lists of embeddings: what they used, and whether they hold any. */
import { parseSpan, type JsonMembers } from '../json-scan.js';
import { isObject } from '../fields.js';
import { countOf, NOTHING_STATED, type StatedUsage } from '../usage.js';

/** All that is used is input; some state a total only. */
export function usageOfAnswer(body: Buffer, members: JsonMembers): StatedUsage {
  const span = members.values.get('usage');
  const usage = span === undefined ? null : parseSpan(body, span);
  if (!isObject(usage)) return NOTHING_STATED;
  const total = countOf(usage['total_tokens']);
  const prompt = countOf(usage['prompt_tokens']) ?? total;
  return { ...NOTHING_STATED, prompt, output: prompt === null ? null : 0, total };
}

export function isAnswer(members: JsonMembers): boolean {
  return members.values.has('data');
}
