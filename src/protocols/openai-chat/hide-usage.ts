/** Takes usage out of frames for callers that did not ask for it. */
import {
  applyEdits,
  JsonSyntaxError,
  scanElements,
  scanMembers,
  scanObject,
  type Edit,
  type JsonMembers,
} from '../json-scan.js';
import { withData } from '../sse.js';

const EMPTY = Buffer.alloc(0);
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;

/**
 * The frame without its usage: nothing at all when usage was all it brought (`choices: []`), else the same bytes less the
 * `usage` members at its top, in its choices, and in Groq's own member.
 */
export function withoutUsage(frame: Buffer, data: string): Buffer {
  const json = Buffer.from(data, 'utf8');
  try {
    const members = scanObject(json);
    const choices = members.values.get('choices');
    const edits = [...removal(json, members)];
    const groq = members.values.get('x_groq');
    if (groq && json[groq.start] === OPEN_OBJECT) edits.push(...removal(json, scanMembers(json, groq.start)));
    let choiceCount = 0;
    if (choices) {
      scanElements(json, choices.start, (element) => {
        choiceCount++;
        if (json[element.start] === OPEN_OBJECT) {
          edits.push(...removal(json, scanMembers(json, element.start)));
        }
        return true;
      });
    }
    return choiceCount === 0 ? EMPTY : withData(frame, applyEdits(json, edits).toString('utf8'));
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    // Nested deeper than we look; usage too many does less harm than a frame too few.
    return frame;
  }
}

/** Removes the member `usage` with the comma that parts it from its neighbour. */
function removal(json: Buffer, members: JsonMembers): readonly Edit[] {
  const usage = members.values.get('usage');
  if (!usage) return [];
  let { keyStart: start, end } = usage;
  while (isSpace(json[end])) end++;
  if (json[end] === COMMA) return [{ start, end: end + 1, text: '' }];
  while (isSpace(json[start - 1])) start--;
  if (json[start - 1] === COMMA) start--;
  return [{ start, end: usage.end, text: '' }];
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
