/** Runs bytes through the dialects: watched as they pass, decoded, or translated. */
import type { ChatProtocol } from '../../../src/domain/vocabulary.js';
import {
  anthropicMessages,
  anthropicMessagesClient,
  anthropicMessagesProvider,
} from '../../../src/protocols/anthropic-messages/index.js';
import type { CanonicalEvent, CanonicalRequest, PartOpening } from '../../../src/protocols/canonical.js';
import type { AnswerContext, ClientDialect, ProviderDialect } from '../../../src/protocols/dialect.js';
import { geminiProvider } from '../../../src/protocols/gemini/index.js';
import {
  openaiChat,
  openaiChatClient,
  openaiChatProvider,
} from '../../../src/protocols/openai-chat/index.js';
import {
  openaiResponses,
  openaiResponsesClient,
  openaiResponsesProvider,
} from '../../../src/protocols/openai-responses/index.js';
import type { Protocol, StreamState } from '../../../src/protocols/protocol.js';
import { NO_QUIRKS, type Target } from '../../../src/protocols/target.js';

/** Formats that pass through, by name. */
export const WATCHED: Readonly<Partial<Record<ChatProtocol, Protocol>>> = {
  OPENAI_CHAT: openaiChat,
  ANTHROPIC_MESSAGES: anthropicMessages,
  OPENAI_RESPONSES: openaiResponses,
};

export const PROVIDERS: Readonly<Record<ChatProtocol, ProviderDialect>> = {
  OPENAI_CHAT: openaiChatProvider,
  ANTHROPIC_MESSAGES: anthropicMessagesProvider,
  OPENAI_RESPONSES: openaiResponsesProvider,
  GEMINI: geminiProvider,
};

/** Dialects that answers are put into. */
export const TRANSLATIONS: readonly (readonly [ChatProtocol, ClientDialect])[] = [
  ['OPENAI_CHAT', openaiChatClient],
  ['ANTHROPIC_MESSAGES', anthropicMessagesClient],
  ['OPENAI_RESPONSES', openaiResponsesClient],
];

export const TARGET: Target = {
  model: 'lab/model-1',
  upstreamId: 'model-1',
  maxOutputTokens: null,
  capabilities: [],
  quirks: NO_QUIRKS,
};

const REQUEST: CanonicalRequest = {
  messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  maxOutputTokens: null,
  stop: [],
  sampling: {},
  reasoning: null,
  output: null,
  verbosity: null,
  userId: null,
  metadata: null,
  cacheKey: null,
  serviceTier: null,
  stream: true,
  wantsUsage: true,
};

export const CONTEXT: AnswerContext = {
  request: REQUEST,
  model: TARGET.model,
  answerId: 'req_01TEST',
  createdAt: 1_790_000_000,
};

/** What a stream came to. */
export interface Watched {
  readonly bytes: Buffer;
  readonly state: StreamState;
}

/** The bytes as they pass on; null for a format that never does. */
export function watch(
  protocol: ChatProtocol,
  chunks: readonly Buffer[],
  options = { hideUsage: false },
): Watched | null {
  const reader = WATCHED[protocol]?.createStreamReader(options);
  if (!reader) return null;
  const passed = chunks.map((chunk) => reader.push(chunk));
  passed.push(reader.end());
  return { bytes: Buffer.concat(passed), state: stateOf(reader) };
}

export type DecodedPart = PartOpening & { text: string; closed: boolean };

export interface Decoded {
  readonly events: readonly CanonicalEvent[];
  readonly parts: readonly DecodedPart[];
  readonly state: StreamState;
}

/** The events of a stream; throws when they break the rules they are made by. */
export function decode(protocol: ChatProtocol, chunks: readonly Buffer[]): Decoded {
  const decoder = PROVIDERS[protocol].createStreamDecoder(TARGET);
  const events = chunks.flatMap((chunk) => decoder.push(chunk));
  events.push(...decoder.end());
  return { events, parts: partsOf(events), state: stateOf(decoder) };
}

export interface Translated {
  readonly output: string;
  readonly state: StreamState;
}

/** Decoded and written in another dialect, as a stream that ended well where it did. */
export function translate(
  protocol: ChatProtocol,
  client: ClientDialect,
  chunks: readonly Buffer[],
): Translated {
  const decoder = PROVIDERS[protocol].createStreamDecoder(TARGET);
  const writer = client.createStreamWriter(CONTEXT);
  let output = '';
  for (const chunk of chunks) output += writer.write(decoder.push(chunk));
  output += writer.write(decoder.end());
  output += decoder.finished
    ? writer.end()
    : writer.fail({ status: 502, message: 'broken', code: 'INCOMPLETE_ANSWER', requestId: 'req_01TEST' });
  return { output, state: stateOf(decoder) };
}

function stateOf({ usage, opened, contentFrames, finished, closed, errorData }: StreamState): StreamState {
  return { usage, opened, contentFrames, finished, closed, errorData };
}

/** Puts the parts together, and checks that each opens once, in order, and that nothing but usage follows the finish. */
function partsOf(events: readonly CanonicalEvent[]): DecodedPart[] {
  const parts: DecodedPart[] = [];
  let finished = false;
  for (const event of events) {
    if (finished && event.type !== 'usage') throw new Error(`${event.type} after the finish`);
    if (event.type === 'finish') {
      if (parts.some(({ closed }) => !closed)) throw new Error('finished with an open part');
      finished = true;
    }
    if (event.type === 'open') {
      if (event.part !== parts.length) throw new Error(`part ${event.part} opens as number ${parts.length}`);
      parts.push({ ...event.opening, text: '', closed: false });
    }
    if (
      event.type === 'delta' ||
      event.type === 'close' ||
      event.type === 'origin' ||
      event.type === 'citation'
    ) {
      const part = parts[event.part];
      if (!part || part.closed) throw new Error(`${event.type} for a part that is not open`);
      if (event.type === 'delta') part.text += event.text;
      if (event.type === 'close') part.closed = true;
    }
  }
  return parts;
}
