/** Streams and bodies as the simulated providers make them, for the orders that stretch a format most. */
import type { ChatProtocol } from '../../../src/domain/vocabulary.js';
import { chatAnswer } from '../providers/chat-answer.js';
import { geminiAnswer } from '../providers/gemini-answer.js';
import { messagesAnswer } from '../providers/messages-answer.js';
import { createQuotaMeter } from '../providers/quota.js';
import { responsesAnswer } from '../providers/responses-answer.js';
import type { Reply, SimulatedCall } from '../providers/simulation.js';

/** What is ordered, by what it is about. */
export const ORDERS = {
  text: '[say Grüße, 世界 👋 and a "quote" \\ back][tokens in=12 out=34 cached=5 reasoning=7]',
  'parallel calls':
    '[think Which?][say Both.][tools weather {"city":"Ålesund"} clock weather {"a":[{"b":"]}"}]}]',
  'huge arguments': '[tool note 100KB]',
  refusal: '[refuse I will not.]',
  'cut short': '[think Long][say only half][length][tokens in=1 out=2]',
  'many frames': '[frames 200][tokens in=3 out=200]',
} as const;

export type Order = keyof typeof ORDERS;

type Build = (call: SimulatedCall) => Reply;

const BUILDERS: Readonly<Record<ChatProtocol, Build>> = {
  OPENAI_CHAT: (call) =>
    chatAnswer(call, 'made', { place: 'own-chunk', unasked: true, cached: 'details', reasoning: true }),
  ANTHROPIC_MESSAGES: (call) => messagesAnswer(call, 'made'),
  OPENAI_RESPONSES: (call) => responsesAnswer(call, 'made'),
  GEMINI: (call) => geminiAnswer(call, 'made'),
};

/** The frames of an answer in a format. */
export function madeFrames(protocol: ChatProtocol, order: Order): readonly string[] {
  const reply = BUILDERS[protocol](callOf(protocol, order, true));
  if (reply.kind !== 'stream') throw new Error(`No stream for ${order} in ${protocol}.`);
  return reply.frames;
}

/** The body of a whole answer in a format. */
export function madeBody(protocol: ChatProtocol, order: Order): Readonly<Record<string, unknown>> {
  const reply = BUILDERS[protocol](callOf(protocol, order, false));
  if (reply.kind !== 'json') throw new Error(`No body for ${order} in ${protocol}.`);
  return reply.body as Record<string, unknown>;
}

function callOf(protocol: ChatProtocol, order: Order, stream: boolean): SimulatedCall {
  const gemini = protocol === 'GEMINI';
  return {
    path: `/v1beta/models/model-1:${stream ? 'streamGenerateContent' : 'generateContent'}`,
    query: new URLSearchParams({ alt: 'sse' }),
    headers: {},
    quota: createQuotaMeter(undefined, () => 0),
    body: {
      model: 'model-1',
      ...(gemini
        ? {
            contents: [{ role: 'user', parts: [{ text: ORDERS[order] }] }],
            generationConfig: { thinkingConfig: { includeThoughts: true } },
          }
        : {
            stream,
            include: ['reasoning.encrypted_content'],
            [protocol === 'OPENAI_RESPONSES' ? 'input' : 'messages']: turnsOf(order),
          }),
    },
    models: [],
    serial: 1,
    textBytes: null,
  };
}

const turnsOf = (order: Order) => [{ role: 'user', content: ORDERS[order] }];
