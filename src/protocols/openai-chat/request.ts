/** Chat completion requests: whether they stream, and how to have usage stated in the stream. */
import { appendMember, parseSpan, scanMembers, type Edit, type JsonMembers } from '../json-scan.js';
import type { RequestReading } from '../protocol.js';

const OPEN_OBJECT = 0x7b;

export function readRequest(body: Buffer, members: JsonMembers): RequestReading {
  const streamSpan = members.values.get('stream');
  const stream = streamSpan !== undefined && parseSpan(body, streamSpan) === true;
  return { stream, usageEdits: stream ? askForUsage(body, members) : [] };
}

function askForUsage(body: Buffer, members: JsonMembers): readonly Edit[] {
  const options = members.values.get('stream_options');
  if (options === undefined) return [appendMember(members, 'stream_options', '{"include_usage":true}')];
  if (body[options.start] !== OPEN_OBJECT) return [{ ...options, text: '{"include_usage":true}' }];
  const given = scanMembers(body, options.start);
  const included = given.values.get('include_usage');
  if (included === undefined) return [appendMember(given, 'include_usage', 'true')];
  return parseSpan(body, included) === true ? [] : [{ ...included, text: 'true' }];
}
