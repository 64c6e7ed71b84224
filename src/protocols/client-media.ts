/** Pictures, files and sound as callers of both OpenAI formats write them: as URLs that may hold the data itself. */
import type { AudioPart, FilePart, ImagePart, MediaSource, RefusalPart, TextPart } from './canonical.js';
import type { JsonObject } from './dialect.js';
import { pathOf, requiredName, requiredObject, wrong } from './fields.js';

export type ContentPart = TextPart | ImagePart | FilePart | AudioPart | RefusalPart;

/** A URL as a source; one that holds its data is taken apart. */
export function sourceOf(url: string, at: string): MediaSource {
  if (!/^data:/i.test(url)) return { kind: 'url', url };
  const comma = url.indexOf(',');
  const [mediaType = '', ...parameters] = url.slice('data:'.length, Math.max(comma, 0)).split(';');
  if (comma < 0 || parameters.at(-1)?.toLowerCase() !== 'base64') {
    throw wrong(at, 'a URL, or data as data:<media type>;base64,<data>');
  }
  return { kind: 'data', mediaType: mediaType || 'application/octet-stream', base64: url.slice(comma + 1) };
}

/** The content of a file without a word on its type: PDF is all that these formats take so. */
export function pdfOf(base64: string): MediaSource {
  return { kind: 'data', mediaType: 'application/pdf', base64 };
}

/** A part of type `input_audio`. */
export function readAudio(part: JsonObject, at: string): AudioPart {
  const audio = requiredObject(part, 'input_audio', at);
  const where = pathOf(at, 'input_audio');
  return {
    type: 'audio',
    base64: requiredName(audio, 'data', where),
    format: requiredName(audio, 'format', where),
  };
}
