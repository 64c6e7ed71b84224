/** What an answer refers to. Anthropic's citations point into documents, pages and search results; what is common is kept. */
import type { Citation } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { isObject, text } from '../fields.js';

/** Null when the value is no citation. */
export function readCitation(value: unknown): Citation | null {
  if (!isObject(value)) return null;
  return {
    title: text(value['title']) ?? text(value['document_title']),
    url: text(value['url']) ?? text(value['source']),
    quote: text(value['cited_text']),
  };
}

/** As a web search result, the one form that needs no place within a document of the request. */
export function writeCitation(citation: Citation): JsonObject {
  return {
    type: 'web_search_result_location',
    cited_text: citation.quote ?? '',
    encrypted_index: '',
    // Clients take a missing title for an error.
    title: citation.title ?? citation.url ?? '',
    url: citation.url ?? '',
  };
}
