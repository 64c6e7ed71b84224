/** Responses requests: whether they stream. Usage is always stated there. */
import { parseSpan, type JsonMembers } from '../json-scan.js';
import type { RequestReading } from '../protocol.js';

export function readRequest(body: Buffer, members: JsonMembers): RequestReading {
  const span = members.values.get('stream');
  return { stream: span !== undefined && parseSpan(body, span) === true, usageEdits: [] };
}
