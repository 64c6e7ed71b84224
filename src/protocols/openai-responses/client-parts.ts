/** Content of messages and of tool outputs, as Responses callers write it. */
import type { CacheMarker, FilePart, ImagePart, MediaSource, TextPart } from '../canonical.js';
import { pdfOf, readAudio, sourceOf, type ContentPart } from '../client-media.js';
import type { JsonObject } from '../dialect.js';
import {
  isObject,
  isStated,
  optionalText,
  optionalWord,
  pathOf,
  requiredName,
  requiredText,
  wrong,
} from '../fields.js';

const PART_TYPES = 'one of input_text, input_image, input_file, output_text, refusal';

/** The content at `key`: one text or a list of parts. */
export function readContent(holder: JsonObject, key: string, at: string): readonly ContentPart[] {
  const content = holder[key];
  const where = pathOf(at, key);
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw wrong(where, 'a string or a list of parts');
  return content.map((part: unknown, index) => readPart(part, `${where}[${index}]`));
}

/** What a tool said: a text, a list of parts, or (from older versions of Codex) a text with whether it went well. */
export function readOutput(
  item: JsonObject,
  at: string,
): { readonly content: readonly (TextPart | ImagePart | FilePart)[]; readonly isError: boolean } {
  const stated = item['output'];
  const wrapped = isObject(stated) ? stated : null;
  const parts = wrapped === null ? readContent(item, 'output', at) : readContent(wrapped, 'content', at);
  const content = parts.map((part, index) => {
    if (part.type === 'audio' || part.type === 'refusal') {
      throw wrong(`${at}.output[${index}].type`, 'one of input_text, input_image, input_file');
    }
    return part;
  });
  return { content, isError: wrapped?.['success'] === false };
}

function readPart(part: unknown, at: string): ContentPart {
  if (!isObject(part)) throw wrong(at, 'an object');
  switch (part['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: requiredText(part, 'text', at), ...readCache(part) };
    case 'refusal':
      return { type: 'refusal', text: requiredText(part, 'refusal', at) };
    case 'input_image':
      return readImage(part, at);
    case 'input_file':
      return readFile(part, at);
    case 'input_audio':
      return readAudio(part, at);
    default:
      throw wrong(pathOf(at, 'type'), PART_TYPES);
  }
}

function readImage(part: JsonObject, at: string): ImagePart {
  const detail = optionalWord(part, 'detail', ['low', 'high', 'auto', 'original'], at);
  const fileId = optionalText(part, 'file_id', at);
  return {
    type: 'image',
    source:
      fileId === null
        ? sourceOf(requiredName(part, 'image_url', at), pathOf(at, 'image_url'))
        : { kind: 'file', fileId },
    ...(detail !== null && { detail: detail === 'original' ? 'high' : detail }),
    ...readCache(part),
  };
}

function readFile(part: JsonObject, at: string): FilePart {
  const name = optionalText(part, 'filename', at);
  return { type: 'file', source: fileSource(part, at), name, ...readCache(part) };
}

function fileSource(part: JsonObject, at: string): MediaSource {
  const fileId = optionalText(part, 'file_id', at);
  if (fileId !== null) return { kind: 'file', fileId };
  const url = optionalText(part, 'file_url', at);
  if (url !== null) return sourceOf(url, pathOf(at, 'file_url'));
  const data = requiredName(part, 'file_data', at);
  if (/^data:/i.test(data)) return sourceOf(data, pathOf(at, 'file_data'));
  return pdfOf(data);
}

function readCache(part: JsonObject): { readonly cache?: CacheMarker } {
  return isStated(part['prompt_cache_breakpoint']) ? { cache: { ttl: null } } : {};
}
