/** Takes usage out of frames for callers that did not ask for it. */
import {
  applyEdits,
  scanElements,
  scanMembers,
  scanObject,
  type Edit,
  type JsonMembers,
} from '../json-scan.js';

const EMPTY = Buffer.alloc(0);

/**
 * The frame without its usage: nothing at all when usage was all it brought (`choices: []`), else the same bytes less the
 * `usage` members at its top and in its choices.
 */
export function withoutUsage(frame: Buffer, data: string): Buffer {
  const json = Buffer.from(data, 'utf8');
  const members = scanObject(json);
  const choices = members.values.get('choices');
  const edits = [...removal(json, members)];
  let choiceCount = 0;
  if (choices) {
    scanElements(json, choices.start, (element) => {
      choiceCount++;
      edits.push(...removal(json, scanMembers(json, element.start)));
      return true;
    });
  }
  if (choiceCount === 0) return EMPTY;
  const head = frame.indexOf('data:');
  return Buffer.concat([
    frame.subarray(0, head),
    Buffer.from('data: '),
    applyEdits(json, edits),
    Buffer.from('\n\n'),
  ]);
}

/** Removes the member `usage` with the comma that parts it from its neighbour. */
function removal(json: Buffer, members: JsonMembers): readonly Edit[] {
  const span = members.values.get('usage');
  if (!span) return [];
  let start = json.lastIndexOf('"usage"', span.start);
  let end = span.end;
  while (isSpace(json[end])) end++;
  if (json[end] === 0x2c) return [{ start, end: end + 1, text: '' }];
  while (isSpace(json[start - 1])) start--;
  if (json[start - 1] === 0x2c) start--;
  return [{ start, end: span.end, text: '' }];
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
