/** Which conversation a request belongs to, as far as it can be told. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { parseSpan, scanElements, scanMembers, type JsonMembers } from '../protocols/json-scan.js';

/** Where clients say which conversation a request belongs to. */
const SESSION_HEADERS = [
  'x-opencode-session',
  'x-session-id',
  'x-claude-code-session-id',
  'session-id',
  'x-session-affinity',
];

/** What may stand in a header as it is. */
const HEADER_VALUE = /^[\x21-\x7e]{1,256}$/;
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;

/**
 * A value that stays the same over a conversation and fits a header: the client's own, else what its request names, else a
 * hash of how the conversation opens. A fresh one for each request would scatter it over a provider's caches.
 */
export function conversationOf(headers: IncomingHttpHeaders, body: Buffer, members: JsonMembers): string {
  for (const name of SESSION_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  const named = members.values.get('prompt_cache_key');
  const key = named === undefined ? null : parseSpan(body, named);
  if (typeof key === 'string' && HEADER_VALUE.test(key)) return key;
  return `sy-${openingHash(body, members)}`;
}

/** Hash over everything up to the first message of the user: the part that every request of a conversation repeats. */
function openingHash(body: Buffer, members: JsonMembers): string {
  const hash = createHash('sha256');
  for (const name of ['system', 'instructions']) {
    const instructions = members.values.get(name);
    if (instructions) hash.update(body.subarray(instructions.start, instructions.end));
  }
  const messages = members.values.get('messages') ?? members.values.get('input');
  if (messages && body[messages.start] === OPEN_ARRAY) {
    scanElements(body, messages.start, (element) => {
      hash.update(body.subarray(element.start, element.end));
      const role =
        body[element.start] === OPEN_OBJECT ? scanMembers(body, element.start).values.get('role') : undefined;
      return role === undefined || parseSpan(body, role) !== 'user';
    });
  }
  return hash.digest('base64url').slice(0, 32);
}
