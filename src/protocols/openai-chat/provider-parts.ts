/** Text, pictures, files and audio inside a message, as chat providers take them. */
import { AppError } from '../../domain/errors.js';
import type { AudioPart, FilePart, ImagePart, RequestPart, TextPart } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import type { Target } from '../target.js';
import type { Notes } from '../notes.js';

export type WritablePart = TextPart | ImagePart | FilePart | AudioPart;

export function isMedia(part: RequestPart): part is ImagePart | FilePart {
  return part.type === 'image' || part.type === 'file';
}

/** Content of a message: a string where it is text only, which everybody reads; null when there is nothing. */
export function writeContent(
  parts: readonly WritablePart[],
  target: Target,
  notes: Notes,
): string | readonly JsonObject[] | null {
  if (parts.some((part) => part.type !== 'audio' && part.cache !== undefined)) {
    notes.drop('cache_control');
  }
  const readable = parts.map(asText);
  if (readable.length === 0) return null;
  const texts = readable.filter((part) => part.type === 'text').map((part) => part.text);
  if (texts.length === readable.length) return texts.join('\n\n');
  return readable.map((part) => writePart(part, target));
}

/** A document that is text is said as text: files are for the few who take PDFs. */
function asText(part: WritablePart): WritablePart {
  if (part.type !== 'file' || part.source.kind !== 'data') return part;
  if (!/^text\/|^application\/(?:json|xml)\b/i.test(part.source.mediaType)) return part;
  const body = Buffer.from(part.source.base64, 'base64').toString('utf8');
  return { type: 'text', text: part.name === null ? body : `${part.name}:\n${body}` };
}

function writePart(part: WritablePart, target: Target): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image':
      return { type: 'image_url', image_url: writeImage(part, target) };
    case 'file':
      return { type: 'file', file: writeFile(part, target) };
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.base64, format: part.format } };
  }
}

function writeImage({ source, detail }: ImagePart, target: Target): JsonObject {
  const stated = detail === undefined ? {} : { detail };
  if (source.kind === 'data') return { url: dataUrl(source.mediaType, source.base64), ...stated };
  if (source.kind === 'file') {
    throw impossible(target, 'a picture that was uploaded before', 'its data or its URL');
  }
  if (target.quirks.noImageUrls === true) throw pictureByUrl(target);
  return { url: source.url, ...stated };
}

function writeFile({ source, name }: FilePart, target: Target): JsonObject {
  if (source.kind === 'file') return { file_id: source.fileId };
  if (source.kind === 'url') throw impossible(target, 'a file by its URL', 'its data');
  return { filename: name ?? 'file', file_data: dataUrl(source.mediaType, source.base64) };
}

function dataUrl(mediaType: string, base64: string): string {
  return `data:${mediaType};base64,${base64}`;
}

/** The provider fetches nothing. */
export function pictureByUrl(target: Target): AppError {
  return impossible(target, 'a picture by its URL', 'its data');
}

function impossible(target: Target, what: string, instead: string): AppError {
  return new AppError('BAD_REQUEST', `${target.model} cannot be given ${what}; send ${instead} instead.`, {
    field: ['messages'],
  });
}
