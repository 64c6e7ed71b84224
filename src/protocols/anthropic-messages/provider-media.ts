/** Writes pictures and documents in Anthropic's form. */
import { AppError } from '../../domain/errors.js';
import type { FilePart, ImagePart } from '../canonical.js';
import type { Target } from '../target.js';
import { writeMarker, type Block } from './cache-markers.js';
import type { Notes } from '../notes.js';

/** https://docs.anthropic.com/en/docs/build-with-claude/vision */
const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

export function writeImage(part: ImagePart, target: Target, notes: Notes): Block {
  if (part.detail !== undefined && part.detail !== 'auto') notes.drop('detail');
  const marker = writeMarker(part.cache);
  const { source } = part;
  switch (source.kind) {
    case 'data': {
      const mediaType = source.mediaType === 'image/jpg' ? 'image/jpeg' : source.mediaType;
      if (!IMAGE_TYPES.includes(mediaType))
        throw impossible(
          `${target.model} takes pictures as ${IMAGE_TYPES.join(', ')}, not as \`${mediaType}\`.`,
        );
      return {
        type: 'image',
        source: { type: 'base64', media_type: mediaType, data: source.base64 },
        ...marker,
      };
    }
    case 'url':
      refuseUrl(target, 'picture');
      return { type: 'image', source: { type: 'url', url: source.url }, ...marker };
    case 'file':
      return { type: 'image', source: { type: 'file', file_id: source.fileId }, ...marker };
  }
}

export function writeFile(part: FilePart, target: Target): Block {
  const { source, name } = part;
  const rest = { ...(name !== null && name !== '' && { title: name }), ...writeMarker(part.cache) };
  switch (source.kind) {
    case 'data':
      return { type: 'document', source: dataSource(source.mediaType, source.base64, target), ...rest };
    case 'url':
      refuseUrl(target, 'file');
      return { type: 'document', source: { type: 'url', url: source.url }, ...rest };
    case 'file':
      return { type: 'document', source: { type: 'file', file_id: source.fileId }, ...rest };
  }
}

function dataSource(mediaType: string, base64: string, target: Target): Block {
  if (mediaType === 'application/pdf') return { type: 'base64', media_type: mediaType, data: base64 };
  if (mediaType.startsWith('text/') || mediaType === 'application/json') {
    return { type: 'text', media_type: 'text/plain', data: Buffer.from(base64, 'base64').toString('utf8') };
  }
  throw impossible(`${target.model} takes files of text or \`application/pdf\`, not \`${mediaType}\`.`);
}

function refuseUrl(target: Target, what: string): void {
  if (target.quirks.noImageUrls !== true) return;
  throw impossible(`${target.model} does not fetch URLs: the ${what} must be in the request as base64 data.`);
}

function impossible(message: string): AppError {
  return new AppError('BAD_REQUEST', message, { field: ['messages'] });
}
