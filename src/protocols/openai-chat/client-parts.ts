/** What stands inside the messages of a chat request: text, pictures, files, audio, refusals, and cache markers on them. */
import type {
  AudioPart,
  CacheMarker,
  FilePart,
  ImagePart,
  MediaSource,
  RefusalPart,
  TextPart,
} from '../canonical.js';
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

export type ContentPart = TextPart | ImagePart | FilePart | AudioPart | RefusalPart;

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
      return readAudio(requiredObject(part, 'input_audio', at), pathOf(at, 'input_audio'));
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
  const source: MediaSource = isUrl
    ? sourceOf(data, pathOf(at, 'file_data'))
    : { kind: 'data', mediaType: 'application/pdf', base64: data };
  return { type: 'file', source, name };
}

function readAudio(audio: JsonObject, at: string): AudioPart {
  return {
    type: 'audio',
    base64: requiredName(audio, 'data', at),
    format: requiredName(audio, 'format', at),
  };
}

/** A URL as a source; one that holds its data is taken apart. */
function sourceOf(url: string, at: string): MediaSource {
  if (!/^data:/i.test(url)) return { kind: 'url', url };
  const comma = url.indexOf(',');
  const [mediaType = '', ...parameters] = url.slice('data:'.length, Math.max(comma, 0)).split(';');
  if (comma < 0 || parameters.at(-1)?.toLowerCase() !== 'base64') {
    throw wrong(at, 'a URL, or data as data:<media type>;base64,<data>');
  }
  return { kind: 'data', mediaType: mediaType || 'application/octet-stream', base64: url.slice(comma + 1) };
}
