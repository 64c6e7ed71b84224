/** Pictures, documents and sound in Gemini's form: in the request, or at an address. https://ai.google.dev/gemini-api/docs/file-input-methods */
import { AppError } from '../../domain/errors.js';
import type { AudioPart, MediaSource } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import type { Target } from '../target.js';

/** Types by the ending of a name; Google tells others itself. */
const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  gif: 'image/gif',
  pdf: 'application/pdf',
  txt: 'text/plain',
};

/** Where Google keeps what was uploaded to it. */
const GOOGLE_FILE = /^(?:https:\/\/|gs:\/\/|files\/)/;

export function writeMedia(source: MediaSource, what: 'image' | 'file', target: Target): JsonObject {
  switch (source.kind) {
    case 'data':
      return { inlineData: { mimeType: source.mediaType, data: source.base64 } };
    case 'url':
      if (target.quirks.noImageUrls === true) {
        throw new AppError(
          'BAD_REQUEST',
          `${target.model} does not fetch URLs: the ${what} must be in the request as base64 data.`,
          { field: ['messages'] },
        );
      }
      return fileData(source.url);
    case 'file':
      if (GOOGLE_FILE.test(source.fileId)) return fileData(source.fileId);
      throw new AppError(
        'BAD_REQUEST',
        `The file \`${source.fileId}\` is not one of ${target.model}'s provider: the ${what} must be in the request as base64 data.`,
        { field: ['messages'] },
      );
  }
}

export function writeAudio({ format, base64 }: AudioPart): JsonObject {
  return { inlineData: { mimeType: `audio/${format}`, data: base64 } };
}

function fileData(fileUri: string): JsonObject {
  const ending = /\.(\w+)(?:[?#]|$)/.exec(fileUri.slice(fileUri.lastIndexOf('/')))?.[1]?.toLowerCase();
  const mimeType = ending === undefined ? undefined : TYPES[ending];
  return { fileData: { ...(mimeType !== undefined && { mimeType }), fileUri } };
}
