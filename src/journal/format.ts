/**
 * The journal's bytes: how records become frames of a segment file, and how frames are found again in what a crash left.
 *
 * A segment is a header of eight bytes and then frames; a frame is the payload's length and CRC-32, both as 32-bit
 * little-endian numbers, and the payload, which is a record as JSON in UTF-8.
 */
import { crc32 } from 'node:zlib';
import { JOURNAL_RECORD_MAX_BYTES } from '../config/usage-limits.js';
import { timeOfId } from '../domain/ids.js';
import type { JournalRecord } from './record.js';

/** Names the format and, in its last byte, its version. */
export const SEGMENT_HEADER = Buffer.from('SYJRNL\0\x01', 'latin1');

/** Bytes of a frame before its payload. */
export const FRAME_PREFIX_BYTES = 8;

/** What the payload of every record starts with; `kind` is the first property a writer sets. */
const PAYLOAD_START = Buffer.from('{"kind":"');

/** Fills in the prefix of the frame at `start`, whose payload of `length` bytes is already in place. */
export function sealFrame(buffer: Buffer, start: number, length: number): void {
  const payload = start + FRAME_PREFIX_BYTES;
  buffer.writeUInt32LE(length, start);
  buffer.writeUInt32LE(crc32(buffer.subarray(payload, payload + length)), start + 4);
}

/** One record as a frame of its own. */
export function encodeFrame(record: JournalRecord): Buffer {
  const payload = Buffer.from(JSON.stringify(record));
  const frame = Buffer.allocUnsafe(FRAME_PREFIX_BYTES + payload.length);
  payload.copy(frame, FRAME_PREFIX_BYTES);
  sealFrame(frame, 0, payload.length);
  return frame;
}

/** What stands at an offset of a segment's bytes. */
export type Frame =
  /** A whole record; the next frame starts at `next`. */
  | { readonly type: 'record'; readonly record: JournalRecord; readonly next: number }
  /** Bytes that are no record; the next one that is starts at `next`, or the bytes end there. */
  | { readonly type: 'damaged'; readonly next: number }
  /** The start of a frame whose rest is not there. */
  | { readonly type: 'partial' };

/** Reads the frame at `offset`. */
export function decodeFrame(bytes: Buffer, offset: number): Frame {
  if (bytes.length - offset < FRAME_PREFIX_BYTES) return { type: 'partial' };
  const length = bytes.readUInt32LE(offset);
  if (length > JOURNAL_RECORD_MAX_BYTES) return { type: 'damaged', next: nextFrame(bytes, offset) };
  const end = offset + FRAME_PREFIX_BYTES + length;
  if (end > bytes.length) return { type: 'partial' };
  const payload = bytes.subarray(offset + FRAME_PREFIX_BYTES, end);
  if (crc32(payload) !== bytes.readUInt32LE(offset + 4))
    return { type: 'damaged', next: nextFrame(bytes, offset) };
  const record = parseRecord(payload);
  return record ? { type: 'record', record, next: end } : { type: 'damaged', next: end };
}

/**
 * Where the first whole frame after `offset` starts, or the end of the bytes. Only intact frames count, so that damage
 * costs the records it touched and no other.
 */
export function nextFrame(bytes: Buffer, offset: number): number {
  let found = bytes.indexOf(PAYLOAD_START, offset + FRAME_PREFIX_BYTES + 1);
  while (found >= 0) {
    const start = found - FRAME_PREFIX_BYTES;
    const end = found + bytes.readUInt32LE(start);
    if (end <= bytes.length && crc32(bytes.subarray(found, end)) === bytes.readUInt32LE(start + 4))
      return start;
    found = bytes.indexOf(PAYLOAD_START, found + 1);
  }
  return bytes.length;
}

function parseRecord(payload: Buffer): JournalRecord | null {
  try {
    const value: unknown = JSON.parse(payload.toString());
    return isJournalRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isJournalRecord(value: unknown): value is JournalRecord {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  const record = value as { kind: unknown; id?: unknown; request?: { id?: unknown }; attempts?: unknown };
  const id = record.kind === 'progress' ? record.id : record.request?.id;
  if (typeof id !== 'string' || Number.isNaN(timeOfId(id))) return false;
  return (
    record.kind === 'begin' ||
    ((record.kind === 'progress' || record.kind === 'end') && Array.isArray(record.attempts))
  );
}
