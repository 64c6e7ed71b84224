/** Citations, which Responses knows as annotations of a text. */
import type { Citation } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { text } from '../fields.js';

/** A citation of a text as its annotation: of the web where it has an address, else of a file. */
export function annotationOf({ title, url, quote }: Citation, said: string): JsonObject {
  if (url !== null) {
    return { type: 'url_citation', start_index: 0, end_index: said.length, url, title: title ?? url };
  }
  return { type: 'file_citation', file_id: '', filename: title ?? quote ?? '', index: said.length };
}

/** What an annotation refers to; null when it is no citation. */
export function citationOf(annotation: JsonObject): Citation | null {
  switch (annotation['type']) {
    case 'url_citation':
      return { title: text(annotation['title']), url: text(annotation['url']), quote: null };
    case 'file_citation':
    case 'container_file_citation':
    case 'file_path':
      return { title: text(annotation['filename']), url: null, quote: null };
    default:
      return null;
  }
}
