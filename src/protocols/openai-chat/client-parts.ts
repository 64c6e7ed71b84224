/** What stands inside the messages of a chat request: text, pictures, files, audio, refusals, and cache markers on them. */
import type { CacheMarker, FilePart, ImagePart, TextPart } from '../canonical.js';
import { pdfOf, readAudio, sourceOf, type ContentPart } from '../client-media.js';
import type { JsonObject } from '../dialect.js';
import {
  isObject,
  isStated,
  optionalText,
  optionalWord,
  pathOf,
  requiredName,
  requiredObject,
  requiredText,
  wrong,
} from '../fields.js';

const PART_TYPES = 'one of text, image_url, file, input_audio, refusal';

/** The content of a message, whether it is one text, a list of parts, or nothing (null). */
export function readContent(message: JsonObject, at: string): readonly ContentPart[] {
  const content = message['content'];
  const cache = readCache(message);
  if (!isStated(content)) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content, ...cache }];
  if (!Array.isArray(content)) throw wrong(`${at}.content`, 'a string or a list of parts');
  const parts = content.map((part: unknown, index) => readPart(part, `${at}.content[${index}]`));
  const last = parts.at(-1);
  // A marker on a message is one on its end.
  if (cache.cache === undefined || last === undefined) return parts;
  return [...parts.slice(0, -1), { ...last, ...cache }];
}

/** The content of a message that can hold text only. */
export function readTexts(message: JsonObject, at: string): readonly TextPart[] {
  return readContent(message, at).map((part, index) => {
    if (part.type !== 'text') throw wrong(`${at}.content[${index}].type`, 'text in a message of this role');
    return part;
  });
}

/** The `cache_control` of a part, a message or a tool, to be spread into what it marks. */
export function readCache(marked: JsonObject): { readonly cache?: CacheMarker } {
  const control = marked['cache_control'];
  if (!isObject(control) || control['type'] !== 'ephemeral') return {};
  const ttl = control['ttl'];
  return { cache: { ttl: ttl === '5m' || ttl === '1h' ? ttl : null } };
}

function readPart(part: unknown, at: string): ContentPart {
  if (typeof part === 'string') return { type: 'text', text: part };
  if (!isObject(part)) throw wrong(at, 'an object');
  const cache = readCache(part);
  switch (part['type']) {
    case 'text':
      return { type: 'text', text: requiredText(part, 'text', at), ...cache };
    case 'refusal':
      return { type: 'refusal', text: requiredText(part, 'refusal', at) };
    case 'image_url':
      return { ...readImage(part, at), ...cache };
    case 'file':
      return { ...readFile(requiredObject(part, 'file', at), pathOf(at, 'file')), ...cache };
    case 'input_audio':
      return readAudio(part, at);
    default:
      throw wrong(pathOf(at, 'type'), PART_TYPES);
  }
}

function readImage(part: JsonObject, at: string): ImagePart {
  const stated = part['image_url'];
  const image = typeof stated === 'string' ? { url: stated } : requiredObject(part, 'image_url', at);
  const where = pathOf(at, 'image_url');
  const detail = optionalWord(image, 'detail', ['low', 'high', 'auto'], where);
  return {
    type: 'image',
    source: sourceOf(requiredName(image, 'url', where), pathOf(where, 'url')),
    ...(detail !== null && { detail }),
  };
}

function readFile(file: JsonObject, at: string): FilePart {
  const name = optionalText(file, 'filename', at);
  const fileId = optionalText(file, 'file_id', at);
  if (fileId !== null) return { type: 'file', source: { kind: 'file', fileId }, name };
  const data = requiredName(file, 'file_data', at);
  const isUrl = /^(?:data|https?):/i.test(data);
  return { type: 'file', source: isUrl ? sourceOf(data, pathOf(at, 'file_data')) : pdfOf(data), name };
}
