/** Documents that were read and found valid before, for both transports: clients send the same few over and over. */
import type { DocumentNode, Token } from 'graphql';
import { DOCUMENTS_CACHED_MAX_BYTES } from '../../config/graphql-limits.js';

export interface DocumentCache {
  get(key: string): DocumentNode | undefined;
  /** Forgets those used longest ago when there is no more room. */
  set(key: string, document: DocumentNode): void;
}

/** What a token and the nodes made of it take, about. */
const BYTES_PER_TOKEN = 300;

export function createDocumentCache(maxBytes = DOCUMENTS_CACHED_MAX_BYTES): DocumentCache {
  // Maps keep insertion order: the first is the one used longest ago.
  const cached = new Map<string, { readonly document: DocumentNode; readonly bytes: number }>();
  let total = 0;
  const remove = (key: string): void => {
    total -= cached.get(key)?.bytes ?? 0;
    cached.delete(key);
  };
  return {
    get(key) {
      const known = cached.get(key);
      if (known === undefined) return undefined;
      cached.delete(key);
      cached.set(key, known);
      return known.document;
    },
    set(key, document) {
      remove(key);
      const bytes = key.length + bytesOf(document);
      if (bytes > maxBytes) return;
      cached.set(key, { document, bytes });
      total += bytes;
      for (const oldest of cached.keys()) {
        if (total <= maxBytes) break;
        remove(oldest);
      }
    },
  };
}

function bytesOf({ loc }: DocumentNode): number {
  let tokens = 0;
  for (let at: Token | null = loc?.startToken ?? null; at !== null; at = at.next) tokens++;
  return (loc?.source.body.length ?? 0) + tokens * BYTES_PER_TOKEN;
}
