/**
 * How many tokens a messages request would take, estimated from its size. It is no tokenizer, and two models would count
 * differently anyway; it is made to err on the high side, because agents that are told too little compact too late.
 */
import type { JsonMembers } from '../json-scan.js';

/** Members that become part of the prompt. */
const PROMPT = ['system', 'tools', 'messages'];

/** Text of agents is prose, code and JSON, escaped: between 3 and 4 bytes a token. */
const BYTES_PER_TOKEN = 3.5;

/** The most that Anthropic counts for one picture, whatever its size. */
const IMAGE_TOKENS = 1_600;

/** A page of a document counts as text and as picture, and takes some tens of kilobytes of a PDF. */
const DOCUMENT_BYTES_PER_TOKEN = 25;

/** Shorter `data` is text. */
const BINARY_MIN_BYTES = 256;

const DATA = Buffer.from('"data"', 'latin1');
const PDF = Buffer.from('application/pdf', 'latin1');
/** How far from the data its type may stand. */
const TYPE_WITHIN_BYTES = 160;
const QUOTE = 0x22;
const BASE64 = /^[A-Za-z0-9+/=]+$/;

/** Tokens of input; at least one. */
export function estimateInputTokens(body: Buffer, members: JsonMembers): number {
  let textBytes = 0;
  let mediaTokens = 0;
  for (const key of PROMPT) {
    const span = members.values.get(key);
    if (span === undefined) continue;
    textBytes += span.end - span.start;
    for (const data of binariesIn(body, span.start, span.end)) {
      textBytes -= data.bytes;
      mediaTokens += data.isDocument ? Math.ceil(data.bytes / DOCUMENT_BYTES_PER_TOKEN) : IMAGE_TOKENS;
    }
  }
  return Math.max(1, Math.ceil(textBytes / BYTES_PER_TOKEN) + mediaTokens);
}

/** Pictures and documents in base64, which counts for what it shows and not for its length. */
function* binariesIn(
  body: Buffer,
  from: number,
  to: number,
): Generator<{ bytes: number; isDocument: boolean }> {
  for (let at = body.indexOf(DATA, from); at >= 0 && at < to; at = body.indexOf(DATA, at)) {
    const key = at;
    const open = body.indexOf(QUOTE, at + DATA.length);
    const close = open < 0 ? -1 : body.indexOf(QUOTE, open + 1);
    if (close < 0) return;
    const isValue = /^\s*:\s*$/.test(body.toString('latin1', at + DATA.length, Math.min(open, at + 64)));
    at = isValue ? close : at + DATA.length;
    const bytes = close - open - 1;
    if (!isValue || bytes < BINARY_MIN_BYTES) continue;
    if (!BASE64.test(body.toString('latin1', open + 1, open + 1 + BINARY_MIN_BYTES))) continue;
    const around = [
      body.subarray(Math.max(from, key - TYPE_WITHIN_BYTES), key),
      body.subarray(close, Math.min(to, close + TYPE_WITHIN_BYTES)),
    ];
    yield { bytes, isDocument: around.some((bytesAround) => bytesAround.includes(PDF)) };
  }
}
