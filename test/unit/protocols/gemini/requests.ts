/** Requests and targets that the tests of this format share. */
import type { CanonicalMessage, CanonicalRequest, RequestPart } from '../../../../src/protocols/canonical.js';
import { NO_QUIRKS, type Target } from '../../../../src/protocols/target.js';

export function target(upstreamId = 'gemini-3-pro-preview', own: Partial<Target> = {}): Target {
  return {
    model: `gemini/${upstreamId}`,
    upstreamId,
    maxOutputTokens: null,
    capabilities: [],
    quirks: NO_QUIRKS,
    ...own,
  };
}

export function user(...content: RequestPart[]): CanonicalMessage {
  return { role: 'user', content };
}

export function assistant(...content: RequestPart[]): CanonicalMessage {
  return { role: 'assistant', content };
}

export function text(words: string): RequestPart {
  return { type: 'text', text: words };
}

export function request(own: Partial<CanonicalRequest> = {}): CanonicalRequest {
  return {
    messages: [user(text('hello'))],
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
    stream: false,
    wantsUsage: false,
    ...own,
  };
}
