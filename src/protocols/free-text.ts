/**
 * Tools that take free text, for formats and providers that know functions only: such a tool becomes a function with one
 * string, and what the model writes into that string becomes the text again, also while it streams.
 */
import type { CanonicalTool } from './canonical.js';
import type { JsonObject } from './dialect.js';
import { isObject, parsedJson, text } from './fields.js';

/** Name of the one parameter. */
const PARAMETER = 'input';

const PARAMETERS: JsonObject = {
  type: 'object',
  properties: { [PARAMETER]: { type: 'string' } },
  required: [PARAMETER],
  additionalProperties: false,
};

/** How a tool is described as a function, whether it is one or takes free text. */
export function functionOf(tool: CanonicalTool): { description: string | null; parameters: JsonObject } {
  if (tool.parameters !== null) return { description: tool.description, parameters: tool.parameters };
  const grammar = grammarOf(tool.freeText);
  const description = [tool.description, grammar].filter((part) => part !== null).join('\n\n');
  return { description: description === '' ? null : description, parameters: PARAMETERS };
}

/** Names of the tools that take free text. */
export function freeTextTools(tools: readonly CanonicalTool[]): ReadonlySet<string> {
  return new Set(tools.filter((tool) => tool.parameters === null).map((tool) => tool.name));
}

/** The arguments of the function that stands in for a tool, from the text it was called with. */
export function argumentsOfText(input: string): string {
  return JSON.stringify({ [PARAMETER]: input });
}

/** The text that arguments hold; what is no such arguments is the text itself. */
export function textOfArguments(json: string): string {
  const reader = createFreeTextReader();
  return reader.push(json) + reader.end();
}

export interface FreeTextReader {
  /** More of the arguments; returns what of the text became known. */
  push(delta: string): string;
  /** What was held back, if it was no arguments after all. */
  end(): string;
}

const OPENING = `{"${PARAMETER}":"`;
const OPENED = new RegExp(`^\\s*\\{\\s*"${PARAMETER}"\\s*:\\s*"`);
/** Longer white space than any writer of JSON puts there. */
const OPENING_MAX_CHARS = 200;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

/** Reads `{"input":"…"}` as it arrives; anything else passes as the text it is. */
export function createFreeTextReader(): FreeTextReader {
  let state: 'opening' | 'inside' | 'closed' | 'raw' = 'opening';
  let held = '';
  const open = (): string => {
    const opened = OPENED.exec(held);
    if (opened !== null) {
      state = 'inside';
      held = held.slice(opened[0].length);
      return decode();
    }
    if (held.length <= OPENING_MAX_CHARS && OPENING.startsWith(held.replace(/\s+/g, ''))) return '';
    state = 'raw';
    return release();
  };
  const decode = (): string => {
    let out = '';
    let at = 0;
    for (;;) {
      const stop = nextOf(held, at);
      out += held.slice(at, stop);
      if (stop === held.length || held[stop] === '"') {
        if (stop < held.length) state = 'closed';
        held = '';
        return out;
      }
      const length = held[stop + 1] === 'u' ? 6 : 2;
      if (stop + length > held.length) {
        held = held.slice(stop);
        return out;
      }
      out += unescaped(held.slice(stop + 1, stop + length));
      at = stop + length;
    }
  };
  const release = (): string => {
    const rest = held;
    held = '';
    return rest;
  };
  return {
    push(delta) {
      if (state === 'closed') return '';
      if (state === 'raw') return delta;
      held += delta;
      return state === 'opening' ? open() : decode();
    },
    end() {
      const rest = release();
      return state === 'opening' && !OPENING.startsWith(rest.replace(/\s+/g, '')) ? rest : '';
    },
  };
}

/** Where the next escape or the closing quote stands; the length when there is none. */
function nextOf(json: string, from: number): number {
  for (let at = from; at < json.length; at++) {
    const char = json.charCodeAt(at);
    if (char === 0x22 || char === 0x5c) return at;
  }
  return json.length;
}

function unescaped(escape: string): string {
  if (!escape.startsWith('u')) return ESCAPES[escape] ?? escape;
  const unit = Number.parseInt(escape.slice(1), 16);
  return Number.isNaN(unit) ? '' : String.fromCharCode(unit);
}

/** What the text is to follow, in words for a model; null when nothing was said. */
function grammarOf(format: unknown): string | null {
  if (!isObject(format) || format['type'] !== 'grammar') return null;
  const definition = text(format['definition']);
  const syntax = text(format['syntax']) ?? 'grammar';
  return definition === null ? null : `The input must follow this ${syntax} grammar:\n${definition}`;
}

/** Whether a text is a JSON object, as arguments have to be. */
export function isArguments(json: string): boolean {
  return isObject(parsedJson(json));
}
