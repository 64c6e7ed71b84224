/** The wire formats there are: what is spoken on each path of the gateway, and how providers of each are asked. */
import { isChatProtocol, type ChatProtocol, type WireProtocol } from '../domain/vocabulary.js';
import {
  anthropicMessages,
  anthropicMessagesClient,
  anthropicMessagesProvider,
  anthropicMessagesRepair,
} from './anthropic-messages/index.js';
import type { ClientDialect, ProviderDialect, RepairPassthrough } from './dialect.js';
import { geminiProvider } from './gemini/index.js';
import { openaiChat, openaiChatClient, openaiChatProvider, openaiChatRepair } from './openai-chat/index.js';
import { openaiEmbeddings } from './openai-embeddings/index.js';
import {
  openaiResponses,
  openaiResponsesClient,
  openaiResponsesProvider,
  openaiResponsesRepair,
} from './openai-responses/index.js';
import type { Protocol } from './protocol.js';

export { anthropicMessages, openaiChat };

/** What is spoken on a path of the gateway. */
export interface Surface {
  /** How its answers are watched and its errors written. */
  readonly protocol: Protocol;
  /** How its callers are read and answered by providers of other formats; null where requests only pass through. */
  readonly client: ClientDialect | null;
  /** A frame that means nothing but that the connection is alive. */
  readonly ping: string;
}

/** What every reader of server-sent events passes over. */
const COMMENT = ': ping\n\n';

export const messagesSurface: Surface = {
  protocol: anthropicMessages,
  client: anthropicMessagesClient,
  // Its clients measure silence in events.
  ping: 'event: ping\ndata: {"type":"ping"}\n\n',
};
const SURFACES: ReadonlyMap<string, Surface> = new Map<string, Surface>([
  ['/v1/chat/completions', { protocol: openaiChat, client: openaiChatClient, ping: COMMENT }],
  ['/v1/messages', messagesSurface],
  ['/v1/responses', { protocol: openaiResponses, client: openaiResponsesClient, ping: COMMENT }],
  ['/v1/embeddings', { protocol: openaiEmbeddings, client: null, ping: COMMENT }],
]);

const PROVIDERS: Readonly<Record<ChatProtocol, ProviderDialect>> = {
  OPENAI_CHAT: openaiChatProvider,
  OPENAI_RESPONSES: openaiResponsesProvider,
  ANTHROPIC_MESSAGES: anthropicMessagesProvider,
  GEMINI: geminiProvider,
};

const REPAIRS: Readonly<Partial<Record<WireProtocol, RepairPassthrough>>> = {
  OPENAI_CHAT: openaiChatRepair,
  OPENAI_RESPONSES: openaiResponsesRepair,
  ANTHROPIC_MESSAGES: anthropicMessagesRepair,
};

/** What is spoken on a path; null when nothing is. */
export function surfaceOfPath(path: string): Surface | null {
  return SURFACES.get(path) ?? null;
}

export function knownPaths(): readonly string[] {
  return [...SURFACES.keys()];
}

/** How providers of a format are asked and understood by callers of others; null where nothing is translated. */
export function providerDialect(protocol: WireProtocol): ProviderDialect | null {
  return isChatProtocol(protocol) ? PROVIDERS[protocol] : null;
}

/** What makes providers of a format take a request of the same format; null where none is passed on. */
export function passthroughRepair(protocol: WireProtocol): RepairPassthrough | null {
  return REPAIRS[protocol] ?? null;
}
