/** The wire formats clients may speak, by the path they are spoken on. */
import { anthropicMessages } from './anthropic-messages/index.js';
import { openaiChat } from './openai-chat/index.js';
import type { Protocol } from './protocol.js';

export { anthropicMessages, openaiChat };

const BY_PATH: ReadonlyMap<string, Protocol> = new Map([
  ['/v1/chat/completions', openaiChat],
  ['/v1/messages', anthropicMessages],
]);

/** Format spoken on a path of the gateway; null when none is. */
export function protocolOfPath(path: string): Protocol | null {
  return BY_PATH.get(path) ?? null;
}

export function knownPaths(): readonly string[] {
  return [...BY_PATH.keys()];
}
