/** Text, pictures and files inside a message or a tool's result, as Responses providers take them. */
import { AppError } from '../../domain/errors.js';
import type { AudioPart, FilePart, ImagePart, TextPart } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import type { Target } from '../target.js';
import type { Notes } from '../notes.js';

export type WritablePart = TextPart | ImagePart | FilePart | AudioPart;

export function writeContent(
  parts: readonly WritablePart[],
  target: Target,
  notes: Notes,
): readonly JsonObject[] {
  return parts.map((part) => {
    // Prefixes are cached without being marked.
    if (part.type !== 'audio' && part.cache !== undefined) notes.drop('cache_control');
    return writePart(part, target);
  });
}

function writePart(part: WritablePart, target: Target): JsonObject {
  switch (part.type) {
    case 'text':
      return { type: 'input_text', text: part.text };
    case 'image':
      return { type: 'input_image', detail: part.detail ?? 'auto', ...writeImage(part, target) };
    case 'file':
      return { type: 'input_file', ...writeFile(part) };
    case 'audio':
      throw impossible(target, 'audio', 'what was said as text');
  }
}

function writeImage({ source }: ImagePart, target: Target): JsonObject {
  if (source.kind === 'file') return { file_id: source.fileId };
  if (source.kind === 'data') return { image_url: dataUrl(source.mediaType, source.base64) };
  if (target.quirks.noImageUrls === true) throw impossible(target, 'a picture by its URL', 'its data');
  return { image_url: source.url };
}

function writeFile({ source, name }: FilePart): JsonObject {
  if (source.kind === 'file') return { file_id: source.fileId };
  // OpenAI names a file itself where it fetches it, and refuses to be told.
  if (source.kind === 'url') return { file_url: source.url };
  return { filename: name ?? 'file', file_data: dataUrl(source.mediaType, source.base64) };
}

function dataUrl(mediaType: string, base64: string): string {
  return `data:${mediaType};base64,${base64}`;
}

function impossible(target: Target, what: string, instead: string): AppError {
  return new AppError('BAD_REQUEST', `${target.model} cannot be given ${what}; send ${instead} instead.`, {
    field: ['messages'],
  });
}
