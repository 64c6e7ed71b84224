/** Every official client the dialect suites read answers with. */
import { aiSdkChatClient, aiSdkMessagesClient } from './ai-sdk-clients.js';
import { anthropicClient } from './anthropic-client.js';
import type { ConnectClient } from './client.js';
import { langchainChatClient, langchainResponsesClient } from './langchain-clients.js';
import { openAiChatClient, openAiResponsesClient } from './openai-clients.js';

export const CLIENTS: readonly (readonly [name: string, connect: ConnectClient])[] = [
  ['openai (chat)', openAiChatClient],
  ['openai (responses)', openAiResponsesClient],
  ['@anthropic-ai/sdk', anthropicClient],
  ['ai (openai-compatible)', aiSdkChatClient],
  ['ai (anthropic)', aiSdkMessagesClient],
  ['@langchain/openai (chat)', langchainChatClient],
  ['@langchain/openai (responses)', langchainResponsesClient],
];
