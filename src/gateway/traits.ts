/** A request as a routing decision sees it. What is costly to know is found out only when the decision turns on it. */
import type { WorkspaceTable } from '../routing/table.js';
import { AppError } from '../domain/errors.js';
import { isChatProtocol, type ModelCapability } from '../domain/vocabulary.js';
import { parseSpan } from '../protocols/json-scan.js';
import type { Surface } from '../protocols/registry.js';
import { classify } from '../routing/classify/classify.js';
import { readConversation } from '../routing/classify/read-conversation.js';
import type { Affinity, RequestTraits } from '../routing/decision.js';
import type { CallerRequest } from './caller-request.js';

/** Bytes of text to a token, roughly, over languages and code. */
const BYTES_PER_TOKEN = 4;
/** Answers of agents are short: most call a tool. */
const USUAL_OUTPUT_TOKENS = 500;
const OUTPUT_BOUNDS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'];
/** What the parts of messages that are pictures say of their type, in all formats. */
const PICTURES = ['"image_url"', '"input_image"', '"image"'];
/** One of them is in each of those. Words of fewer than eight letters are found many times as fast. */
const PICTURE_HINTS = ['"image', '_image"'];
const TYPE = Buffer.from('"type"');
const COLON = 0x3a;
const QUOTE = 0x22;
const BASE64 = 'base64';
/** How far the data may be from the word that announces it. */
const ANNOUNCED_WITHIN_BYTES = 200;

export interface TraitsOptions {
  readonly request: CallerRequest;
  readonly surface: Surface;
  readonly workspace: WorkspaceTable;
  /** Where the conversation was served last. */
  readonly affinity: () => Affinity | null;
}

export function traitsOf({ request, surface, workspace, affinity }: TraitsOptions): RequestTraits {
  const { headers, members } = request;
  // Every candidate is judged by these, and a body may be megabytes.
  const inputTokens = once(() => Math.ceil(textBytes(request.body.bytes()) / BYTES_PER_TOKEN));
  const outputTokens = once(() => outputBound(request) ?? USUAL_OUTPUT_TOKENS);
  const capabilities = once((): readonly ModelCapability[] => {
    const needed: ModelCapability[] = [];
    const tools = members.values.get('tools');
    if (tools !== undefined && tools.end - tools.start > '[]'.length) needed.push('TOOLS');
    const body = request.body.bytes();
    const mayShow = PICTURE_HINTS.some((hint) => body.includes(hint));
    if (mayShow && PICTURES.some((mark) => hasPartOf(mark, body))) needed.push('VISION');
    return needed;
  });
  return {
    model: request.requestedModel,
    protocol: surface.protocol.id,
    translatable: surface.client !== null,
    header(name) {
      const value = headers[name];
      return typeof value === 'string' ? value : undefined;
    },
    get inputTokens() {
      return inputTokens();
    },
    get outputTokens() {
      return outputTokens();
    },
    get capabilities() {
      return capabilities();
    },
    classify() {
      const { id } = surface.protocol;
      if (!isChatProtocol(id)) {
        throw new AppError('MODEL_REQUIRED', 'No model was named. Send "model" as provider/model.');
      }
      return classify(readConversation(id, request.body.bytes(), members), {
        weights: workspace.classifierWeights,
        previousTier: affinity()?.tierSlug ?? null,
      });
    },
  };
}

function once<T>(compute: () => T): () => T {
  let known: { readonly value: T } | null = null;
  return () => (known ??= { value: compute() }).value;
}

/** Whether something in the body is of this type. Schemas of tools have fields of the same names, which mean nothing. */
function hasPartOf(type: string, body: Buffer): boolean {
  for (let at = body.indexOf(type); at >= 0; at = body.indexOf(type, at + type.length)) {
    const colon = lastInk(body, at);
    if (body[colon] !== COLON) continue;
    const end = lastInk(body, colon) + 1;
    if (body.subarray(Math.max(0, end - TYPE.length), end).equals(TYPE)) return true;
  }
  return false;
}

/** Index of the last byte before `at` that is no white space. */
function lastInk(body: Buffer, at: number): number {
  let index = at - 1;
  while (index >= 0 && (body[index] ?? 0) <= 0x20) index--;
  return index;
}

/** The longest output that a request allows; null where it does not say. */
export function outputBound({ body, members }: CallerRequest): number | null {
  for (const name of OUTPUT_BOUNDS) {
    const span = members.values.get(name);
    const value = span && parseSpan(body.bytes(), span);
    if (typeof value === 'number' && value > 0) return Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER);
  }
  return null;
}

/** Bytes that are read as text: pictures and files count by what is in them, not by the length of their base64. */
function textBytes(body: Buffer): number {
  let bytes = body.length;
  for (let at = body.indexOf(BASE64); at >= 0; at = body.indexOf(BASE64, at)) {
    const announced = body.subarray(at, at + ANNOUNCED_WITHIN_BYTES).indexOf('"data"');
    const start =
      announced < 0 ? at + BASE64.length : body.indexOf(QUOTE, at + announced + '"data"'.length) + 1;
    const end = body.indexOf(QUOTE, start);
    if (end < 0) break;
    bytes -= end - start;
    at = end;
  }
  return bytes;
}
