/**
 * How much thought a client asks for, against what its dialect assumes when nothing is said: clients send their default
 * with every request, and a default is no wish.
 *
 * OpenAI's default is medium (https://platform.openai.com/docs/guides/reasoning), Anthropic's is high
 * (https://docs.claude.com/en/docs/build-with-claude/effort). A thinking budget is sent by agents as a matter of course
 * and therefore counts half at most.
 */
import type { ChatProtocol } from '../../domain/vocabulary.js';
import type { JsonMembers } from '../../protocols/json-scan.js';
import { eachMember, endOfValue } from './skim.js';

const OF_OPENAI = new Map([
  ['none', -0.5],
  ['minimal', -0.5],
  ['low', -0.5],
  ['medium', 0],
  ['high', 0.5],
  ['xhigh', 1],
  ['max', 1],
]);

const OF_ANTHROPIC = new Map([
  ['low', -0.5],
  ['medium', -0.25],
  ['high', 0],
  ['xhigh', 0.5],
  ['max', 1],
]);

/** A budget of this many tokens or more counts in full. */
const FULL_BUDGET_TOKENS = 32_000;
const BUDGET_SHARE = 0.5;

export function readEffort(protocol: ChatProtocol, json: string, members: JsonMembers): number {
  const inMember = (name: string, key: string): string => {
    const member = members.values.get(name);
    let found = '';
    if (member)
      eachMember(json, member.start, (each, start) => {
        const end = endOfValue(json, start);
        if (each === key) found = json.slice(start, end);
        return end;
      });
    return found;
  };
  switch (protocol) {
    case 'ANTHROPIC_MESSAGES': {
      const effort = OF_ANTHROPIC.get(unquoted(inMember('output_config', 'effort')));
      const budget = Number(inMember('thinking', 'budget_tokens'));
      return effort ?? (budget > 0 ? BUDGET_SHARE * Math.min(1, budget / FULL_BUDGET_TOKENS) : 0);
    }
    case 'OPENAI_RESPONSES':
      return OF_OPENAI.get(unquoted(inMember('reasoning', 'effort'))) ?? 0;
    case 'OPENAI_CHAT': {
      const member = members.values.get('reasoning_effort');
      const named = member ? json.slice(member.start, member.end) : inMember('reasoning', 'effort');
      return OF_OPENAI.get(unquoted(named)) ?? 0;
    }
    case 'GEMINI':
      return 0;
  }
}

function unquoted(json: string): string {
  return json.slice(1, -1);
}
