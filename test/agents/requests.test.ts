/** What real agents send, as recorded, into every format that providers speak. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  anthropicMessagesClient,
  anthropicMessagesProvider,
} from '../../src/protocols/anthropic-messages/index.js';
import type { ClientDialect, JsonObject } from '../../src/protocols/dialect.js';
import { geminiProvider } from '../../src/protocols/gemini/index.js';
import { openaiChatClient, openaiChatProvider } from '../../src/protocols/openai-chat/index.js';
import {
  openaiResponsesClient,
  openaiResponsesProvider,
} from '../../src/protocols/openai-responses/index.js';
import { NO_QUIRKS, type Target } from '../../src/protocols/target.js';

interface Recorded {
  readonly file: string;
  readonly client: ClientDialect;
  /** What the caller runs itself, wherever it stands in the request. */
  readonly tools: number;
  /** What the last tool said; null on a first turn. */
  readonly result: string | null;
  readonly dropped: readonly string[];
}

const claude = { client: anthropicMessagesClient, tools: 24, dropped: ['context_management'] };
const codex = { client: openaiResponsesClient };
const stranger = { ...codex, tools: 12, dropped: ['hosted_tools.web_search', 'client_metadata'] };
const opencode = { client: openaiChatClient, tools: 10, dropped: [] };

const RECORDED: readonly Recorded[] = [
  { file: 'claude-code-turn', ...claude, result: null },
  { file: 'claude-code-tool-result', ...claude, result: 'proof-42' },
  { file: 'codex-turn', ...stranger, result: null },
  { file: 'codex-tool-result', ...stranger, result: 'proof-42' },
  { file: 'codex-namespace-call', ...stranger, result: 'invalid agent id x' },
  {
    file: 'codex-gpt-5.5-apply-patch',
    ...codex,
    tools: 9,
    result: 'A proof.txt',
    dropped: ['hosted_tools.web_search', 'client_metadata'],
  },
  { file: 'codex-gpt-6.1-additional-tools', ...codex, tools: 11, result: null, dropped: ['client_metadata'] },
  { file: 'opencode-title', ...opencode, tools: 0, result: null },
  { file: 'opencode-turn', ...opencode, result: null },
  { file: 'opencode-tool-result', ...opencode, result: 'proof-42' },
];

const PROVIDERS = [openaiChatProvider, anthropicMessagesProvider, openaiResponsesProvider, geminiProvider];

const target: Target = {
  model: 'lab/model',
  upstreamId: 'model',
  maxOutputTokens: null,
  capabilities: [],
  quirks: NO_QUIRKS,
};

describe.each(RECORDED)('$file', ({ file, client, tools, result, dropped }) => {
  const body = bodyOf(file);
  const read = () => client.readRequest(body);

  it('is read with every tool of the agent, and nothing else is dropped than what only its own maker knows', () => {
    const { request, dropped: left } = read();
    expect(request.tools).toHaveLength(tools);
    expect(left.toSorted()).toEqual([...dropped].toSorted());
  });

  it.each(PROVIDERS)('is written for $protocol with its instructions, tools and results', (provider) => {
    const { request } = read();
    const written = JSON.stringify(provider.writeRequest(request, target).body);
    const missing = [
      ...textsOf(body['system'] ?? body['instructions']),
      ...request.messages.flatMap(({ content }) => textsOf(content)),
      ...request.tools.map(({ name }) => name),
      ...(result === null ? [] : [result]),
    ].filter((text) => !written.includes(JSON.stringify(text).slice(1, -1)));
    expect(missing).toEqual([]);
  });
});

function bodyOf(file: string): JsonObject {
  const url = new URL(`../fixtures/agents/${file}.json`, import.meta.url);
  const { body } = JSON.parse(readFileSync(url, 'utf8')) as { readonly body: JsonObject };
  return body;
}

/** The texts of parts of a message, wherever they are. */
function textsOf(content: unknown): string[] {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return content
    .map((part: unknown) => (part as { readonly text?: unknown }).text)
    .filter((text) => typeof text === 'string');
}
