/** Reads the messages of a conversation, and the other items a responses request has, in one pass over their JSON. */
import { eachElement, eachMember, endOfValue } from './skim.js';

/** A part of the JSON text. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** What a message says: one string, or parts of several kinds. */
export interface Content extends Place {
  /** Insides of JSON strings. */
  readonly texts: readonly Place[];
  readonly images: number;
  readonly toolResults: number;
}

export interface Item {
  readonly role: string;
  readonly type: string;
  readonly content: Content | null;
  /** Tools that the item brings along. */
  readonly tools: number;
  readonly toolBytes: number;
  readonly end: number;
}

export function readItem(json: string, start: number): Item {
  let role = '';
  let type = '';
  let content: Content | null = null;
  let tools = 0;
  let toolBytes = 0;
  const end = eachMember(json, start, (key, at) => {
    if (key === 'content' || key === 'parts' || key === 'output') {
      content = readContent(json, at);
      return content.end;
    }
    if (key === 'tools') {
      const toolsEnd = eachElement(json, at, (tool) => {
        tools++;
        return endOfValue(json, tool);
      });
      toolBytes = toolsEnd - at;
      return toolsEnd;
    }
    const valueEnd = endOfValue(json, at);
    if (key === 'role') role = json.slice(at + 1, valueEnd - 1);
    else if (key === 'type') type = json.slice(at + 1, valueEnd - 1);
    return valueEnd;
  });
  return { role, type, content, tools, toolBytes, end };
}

export function readContent(json: string, start: number): Content {
  const texts: Place[] = [];
  if (json[start] === '"') {
    const end = endOfValue(json, start);
    return { texts: [{ start: start + 1, end: end - 1 }], images: 0, toolResults: 0, start, end };
  }
  let images = 0;
  let toolResults = 0;
  const end = eachElement(json, start, (at) => {
    let type = '';
    let text: Place | null = null;
    const partEnd = eachMember(json, at, (key, value) => {
      if (key === 'content') {
        const nested = readContent(json, value);
        images += nested.images;
        return nested.end;
      }
      const valueEnd = endOfValue(json, value);
      if (key === 'type') type = json.slice(value + 1, valueEnd - 1);
      else if (key === 'text' && json[value] === '"') text = { start: value + 1, end: valueEnd - 1 };
      return valueEnd;
    });
    if (text && (type === '' || type.endsWith('text'))) texts.push(text);
    else if (type.includes('image')) images++;
    else if (type === 'tool_result') toolResults++;
    return partEnd;
  });
  return { texts, images, toolResults, start, end };
}
