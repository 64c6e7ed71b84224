/**
 * Translation alone: frames of one format in, frames of another out, in this process and without a socket, beside what watching
 * the same stream costs when it is passed on. Megabytes of the provider's stream a second.
 *
 * Options: --seconds N (1) a measurement, --frames N (2000), --only CLIENT-PROVIDER. For a profile of one pair:
 * node --cpu-prof bench/dialects/in-process.mjs --only OPENAI_RESPONSES-OPENAI_CHAT
 */
import { parseArgs } from 'node:util';
import {
  anthropicMessages,
  anthropicMessagesClient,
  anthropicMessagesProvider,
} from '../../dist/src/protocols/anthropic-messages/index.js';
import { geminiProvider } from '../../dist/src/protocols/gemini/index.js';
import {
  openaiChat,
  openaiChatClient,
  openaiChatProvider,
} from '../../dist/src/protocols/openai-chat/index.js';
import {
  openaiResponses,
  openaiResponsesClient,
  openaiResponsesProvider,
} from '../../dist/src/protocols/openai-responses/index.js';
import { STREAMS } from './streams.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1' },
    frames: { type: 'string', default: '2000' },
    only: { type: 'string' },
  },
});
const seconds = Number(options.seconds);
const WATCHERS = [openaiChat, anthropicMessages, openaiResponses];
const CLIENTS = [openaiChatClient, anthropicMessagesClient, openaiResponsesClient];
const PROVIDERS = [openaiChatProvider, anthropicMessagesProvider, openaiResponsesProvider, geminiProvider];

const target = {
  model: 'bench/model',
  upstreamId: 'model',
  maxOutputTokens: null,
  capabilities: [],
  quirks: {},
};
const request = {
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Go on.' }] }],
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
const context = { request, model: target.model, answerId: 'answer_1', createdAt: 1_790_000_000 };

console.log('provider            client              MB/s  × watching');
for (const provider of PROVIDERS) {
  const frames = STREAMS[provider.protocol](Number(options.frames));
  const watcher = WATCHERS.find(({ id }) => id === provider.protocol);
  const watched = watcher && !options.only && speed(frames, () => watch(watcher, frames));
  if (watched) print(provider.protocol, '(watched)', watched, watched);
  for (const client of CLIENTS) {
    if (options.only && options.only !== `${client.protocol}-${provider.protocol}`) continue;
    print(
      provider.protocol,
      client.protocol,
      speed(frames, () => translate(provider, client, frames)),
      watched,
    );
  }
}

function translate(provider, client, frames) {
  const decoder = provider.createStreamDecoder(target);
  const writer = client.createStreamWriter(context);
  let bytes = 0;
  for (const frame of frames) bytes += Buffer.byteLength(writer.write(decoder.push(frame)));
  bytes += Buffer.byteLength(writer.write(decoder.end())) + Buffer.byteLength(writer.end());
  if (!decoder.finished || bytes < frames.length) throw new Error(`${provider.protocol} was not understood`);
}

function watch(protocol, frames) {
  const reader = protocol.createStreamReader({ hideUsage: false });
  for (const frame of frames) reader.push(frame);
  reader.end();
  if (!reader.finished) throw new Error(`${protocol.id} was not understood`);
}

/** By processor time, so that what else the machine does counts less. */
function speed(frames, once) {
  const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
  for (let i = 0; i < 10; i++) once();
  const start = process.cpuUsage();
  let times = 0;
  let spent = 0;
  for (; spent < seconds * 1e6; times++) {
    once();
    const { user, system } = process.cpuUsage(start);
    spent = user + system;
  }
  return (bytes * times) / spent;
}

function print(provider, client, own, watched) {
  const ratio = watched ? (watched / own).toFixed(1) : '';
  console.log(`${provider.padEnd(20)}${client.padEnd(20)}${own.toFixed(0).padStart(4)}  ${ratio}`);
}
