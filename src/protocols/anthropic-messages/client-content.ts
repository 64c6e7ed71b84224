/** Reads the blocks that messages are made of. Blocks of tools that Anthropic runs itself mean nothing elsewhere. */
import type {
  CacheMarker,
  CanonicalMessage,
  FilePart,
  ImagePart,
  MediaSource,
  RequestPart,
  TextPart,
} from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import {
  isObject,
  isStated,
  optionalBoolean,
  optionalObject,
  optionalObjects,
  optionalText,
  optionalWord,
  pathOf,
  requiredName,
  requiredObject,
  requiredText,
  wrong,
} from '../fields.js';
import { readSeal } from '../reasoning-seal.js';
import type { Notes } from '../notes.js';

/** What may stand both in a message and in the result of a tool. */
type Content = TextPart | ImagePart | FilePart;

const ROLES = ['user', 'assistant', 'system'] as const;

/** The `cache_control` of a block; undefined when it has none. */
export function readMarker(block: JsonObject, at = ''): CacheMarker | undefined {
  const marker = optionalObject(block, 'cache_control', at);
  if (marker === null) return undefined;
  return { ttl: optionalWord(marker, 'ttl', ['5m', '1h'], pathOf(at, 'cache_control')) };
}

/** The system prompt as the first message; none when there is no text. */
export function readSystem(body: JsonObject): readonly CanonicalMessage[] {
  const content = readTexts(body, 'system', '');
  return content.length === 0 ? [] : [{ role: 'system', content }];
}

export function readMessage(message: unknown, at: string, notes: Notes): CanonicalMessage {
  if (!isObject(message)) throw wrong(at, 'an object');
  const role = optionalWord(message, 'role', ROLES, at);
  if (role === null) throw wrong(pathOf(at, 'role'), `one of ${ROLES.join(', ')}`);
  const { content } = message;
  if (role === 'system') return { role, content: readTexts(message, 'content', at) };
  if (typeof content === 'string') return { role, content: [{ type: 'text', text: content }] };
  if (!Array.isArray(content)) throw wrong(pathOf(at, 'content'), 'a string or a list of blocks');
  const blocks = optionalObjects(message, 'content', at);
  return { role, content: blocks.flatMap(([block, path]) => readBlock(block, path, role, notes)) };
}

function readBlock(
  block: JsonObject,
  at: string,
  role: 'user' | 'assistant',
  notes: Notes,
): readonly RequestPart[] {
  const type = requiredName(block, 'type', at);
  const cache = readMarker(block, at);
  const marked = cache && { cache };
  switch (type) {
    case 'thinking':
      return [
        {
          type: 'reasoning',
          text: requiredText(block, 'thinking', at),
          origin: readSeal(optionalText(block, 'signature', at), 'ANTHROPIC_MESSAGES'),
        },
      ];
    case 'redacted_thinking': {
      const origin = readSeal(requiredText(block, 'data', at), 'ANTHROPIC_MESSAGES');
      // A seal of ours says itself whether the thought was withheld.
      return [
        {
          type: 'reasoning',
          text: '',
          origin: origin.model === null ? { ...origin, redacted: true } : origin,
        },
      ];
    }
    case 'tool_use': {
      if (role === 'user')
        throw wrong(pathOf(at, 'type'), 'one that users send; `tool_use` is the assistant’s');
      const input = JSON.stringify(requiredObject(block, 'input', at));
      const id = requiredName(block, 'id', at);
      return [{ type: 'tool_call', id, name: requiredName(block, 'name', at), input, ...marked }];
    }
    case 'tool_result':
      if (role === 'assistant')
        throw wrong(pathOf(at, 'type'), 'one that assistants send; `tool_result` is the user’s');
      return [
        {
          type: 'tool_result',
          callId: requiredName(block, 'tool_use_id', at),
          content: readResult(block, at, notes),
          isError: optionalBoolean(block, 'is_error', at) === true,
          ...marked,
        },
      ];
    // The summary that stands for the turns before it.
    case 'compaction': {
      const summary = optionalText(block, 'content', at);
      return summary === null ? [] : [{ type: 'text', text: summary, ...marked }];
    }
    default:
      return readContent(block, type, at, notes);
  }
}

function readResult(block: JsonObject, at: string, notes: Notes): readonly Content[] {
  const { content } = block;
  if (!isStated(content)) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content)) throw wrong(pathOf(at, 'content'), 'a string or a list of blocks');
  return optionalObjects(block, 'content', at).flatMap(([inner, path]) =>
    readContent(inner, requiredName(inner, 'type', path), path, notes),
  );
}

function readContent(block: JsonObject, type: string, at: string, notes: Notes): readonly Content[] {
  const cache = readMarker(block, at);
  const marked = cache && { cache };
  switch (type) {
    case 'text':
      if (isStated(block['citations'])) notes.drop('citations');
      return [{ type: 'text', text: requiredText(block, 'text', at), ...marked }];
    case 'image':
      if (isStated(block['transformations'])) notes.drop('transformations');
      return [{ type: 'image', source: readSource(block, at, 'image/png'), ...marked }];
    case 'document':
      return withMarker(readDocument(block, at, notes), cache);
    case 'search_result':
      return withMarker(readSearchResult(block, at), cache);
    default:
      notes.drop(type);
      return [];
  }
}

/** A document of text is text wherever it goes; any other is a file. What is said about it stands before it. */
function readDocument(block: JsonObject, at: string, notes: Notes): readonly Content[] {
  const name = optionalText(block, 'title', at);
  const context = optionalText(block, 'context', at);
  if (optionalObject(block, 'citations', at)?.['enabled'] === true) notes.drop('citations');
  const about: TextPart[] = context === null ? [] : [{ type: 'text', text: context }];
  const source = requiredObject(block, 'source', at);
  const path = pathOf(at, 'source');
  if (source['type'] !== 'text' && source['type'] !== 'content')
    return [...about, { type: 'file', source: readSource(block, at, 'application/pdf'), name }];
  const titled: TextPart[] = name === null ? about : [{ type: 'text', text: name }, ...about];
  if (source['type'] === 'text')
    return [...titled, { type: 'text', text: requiredText(source, 'data', path) }];
  return [...titled, ...readResult(source, path, notes)];
}

function readSearchResult(block: JsonObject, at: string): readonly Content[] {
  const head = `${requiredText(block, 'title', at)}\n${requiredText(block, 'source', at)}`;
  return [{ type: 'text', text: head }, ...readTexts(block, 'content', at)];
}

function readSource(block: JsonObject, at: string, usualType: string): MediaSource {
  const source = requiredObject(block, 'source', at);
  const path = pathOf(at, 'source');
  switch (source['type']) {
    case 'base64': {
      const mediaType = optionalText(source, 'media_type', path) ?? usualType;
      return { kind: 'data', mediaType, base64: requiredName(source, 'data', path) };
    }
    case 'url':
      return { kind: 'url', url: requiredName(source, 'url', path) };
    case 'file':
      return { kind: 'file', fileId: requiredName(source, 'file_id', path) };
    default:
      throw wrong(pathOf(path, 'type'), 'one of base64, url, file');
  }
}

/** Text as a string or as a list of text blocks; empty ones say nothing and are left out. */
function readTexts(holder: JsonObject, key: string, at: string): readonly TextPart[] {
  const value = holder[key];
  if (!isStated(value) || value === '') return [];
  if (typeof value === 'string') return [{ type: 'text', text: value }];
  if (!Array.isArray(value)) throw wrong(pathOf(at, key), 'a string or a list of text blocks');
  return optionalObjects(holder, key, at).flatMap(([block, path]): readonly TextPart[] => {
    if (optionalText(block, 'type', path) !== 'text') throw wrong(pathOf(path, 'type'), '`text`');
    const cache = readMarker(block, path);
    const text = requiredText(block, 'text', path);
    return text === '' ? [] : [{ type: 'text', text, ...(cache && { cache }) }];
  });
}

function withMarker(parts: readonly Content[], cache: CacheMarker | undefined): readonly Content[] {
  const last = parts.at(-1);
  if (cache === undefined || last === undefined) return parts;
  return [...parts.slice(0, -1), { ...last, cache }];
}
