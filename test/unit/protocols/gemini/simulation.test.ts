/** The simulated Gemini: Google's own client understands it, and what we write and read goes through it and back. */
import { GoogleGenAI } from '@google/genai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnswerPart, CanonicalRequest } from '../../../../src/protocols/canonical.js';
import { geminiProvider } from '../../../../src/protocols/gemini/index.js';
import { tokensOf } from '../../../../src/protocols/usage.js';
import { callUrl } from '../../../../src/providers/urls.js';
import {
  type SimulatedProvider,
  startSimulatedProvider,
} from '../../../support/providers/simulated-provider.js';
import { assistant, request, target, text, user } from './requests.js';

const MODEL = 'gemini-3-pro-preview';
const TARGET = target(MODEL);
const PARAMETERS = { type: 'object', properties: { at: { type: 'integer' } } };
const LOOK = { name: 'look', description: null, parameters: PARAMETERS, strict: null };

let simulated: SimulatedProvider;
beforeAll(async () => {
  simulated = await startSimulatedProvider('gemini');
});
afterAll(() => simulated.close());

async function ask(own: Partial<CanonicalRequest>, stream: boolean): Promise<Response> {
  const { body } = geminiProvider.writeRequest(request(own), TARGET);
  const url = callUrl(`${simulated.url}/v1beta/models/{model}:{method}`, { upstreamId: MODEL, stream });
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'x-goog-api-key': simulated.keys.good, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response;
}
async function answer(own: Partial<CanonicalRequest>) {
  const response = await ask(own, false);
  const body = (await response.json()) as Record<string, unknown>;
  expect(response.status, JSON.stringify(body)).toBe(200);
  return geminiProvider.readAnswer(body, TARGET);
}
async function streamOf(own: Partial<CanonicalRequest>) {
  const response = await ask(own, true);
  expect(response.status).toBe(200);
  const decoder = geminiProvider.createStreamDecoder(TARGET);
  const events = [...decoder.push(Buffer.from(await response.arrayBuffer()))];
  events.push(...decoder.end());
  return { events, decoder };
}

describe("Google's own client", () => {
  const client = () =>
    new GoogleGenAI({ apiKey: simulated.keys.good, httpOptions: { baseUrl: simulated.url } }).models;

  it('reads its answers, with usage and thoughts', async () => {
    const answered = await client().generateContent({
      model: MODEL,
      contents: '[tokens in=120 out=34 cached=50 reasoning=7] [say pong]',
      config: { thinkingConfig: { includeThoughts: true } },
    });
    expect(answered.text).toBe('pong');
    expect(answered.candidates?.[0]?.content?.parts?.[0]).toMatchObject({ thought: true });
    expect(answered.usageMetadata).toMatchObject({
      promptTokenCount: 170,
      cachedContentTokenCount: 50,
      candidatesTokenCount: 27,
      thoughtsTokenCount: 7,
      totalTokenCount: 204,
    });
  });

  it('reads its streams, with parallel calls', async () => {
    const chunks = await client().generateContentStream({
      model: MODEL,
      contents: '[tools look {"at":1} look {"at":2}]',
      config: { tools: [{ functionDeclarations: [{ name: 'look', parametersJsonSchema: PARAMETERS }] }] },
    });
    const calls: unknown[] = [];
    for await (const chunk of chunks) calls.push(...(chunk.functionCalls ?? []));
    expect(calls).toEqual([
      { name: 'look', args: { at: 1 } },
      { name: 'look', args: { at: 2 } },
    ]);
  });

  it('is refused as Google refuses', async () => {
    await expect(client().generateContent({ model: 'no-such-model', contents: 'hi' })).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe('a conversation in this format', () => {
  it('calls two tools, answers them in any order, and goes on with the seals it was given', async () => {
    const opening = user(text('[tools look {"at":1} look {"at":2}]'));
    const called = await answer({ messages: [opening], tools: [LOOK] });
    expect(called.finish.reason).toBe('tool_calls');
    const ids = called.parts.flatMap((part) => (part.type === 'tool_call' ? [part.id] : []));
    const results = ids
      .map((callId, index) => ({
        type: 'tool_result' as const,
        callId,
        content: [{ type: 'text' as const, text: `[say result ${index}]` }],
        isError: false,
      }))
      .toReversed();
    const next = await answer({
      messages: [opening, assistant(...called.parts), user(...results)],
      tools: [LOOK],
    });
    expect(next.parts[0]).toEqual({ type: 'text', text: 'result 0' });
    const sent = JSON.stringify(simulated.requests.at(-1)?.body);
    expect(sent).not.toContain('skip_thought_signature_validator');
  });

  it('goes on without the seals where they were lost on the way', async () => {
    const unsealed = (part: AnswerPart): AnswerPart => {
      if (part.type !== 'tool_call') return part;
      const { origin: _, ...call } = part;
      return call;
    };
    const opening = user(text('[tool look {"at":1}]'));
    const { parts } = await answer({ messages: [opening], tools: [LOOK] });
    const [call] = parts;
    if (call?.type !== 'tool_call') throw new Error('no call was made');
    const result = {
      type: 'tool_result',
      callId: call.id,
      content: [text('[say seen]')],
      isError: false,
    } as never;
    const next = await answer({
      messages: [opening, assistant(...parts.map(unsealed)), user(result)],
      tools: [LOOK],
    });
    expect(next.parts[0]).toEqual({ type: 'text', text: 'seen' });
  });

  it('states to the token what the stream used', async () => {
    const { decoder } = await streamOf({
      messages: [user(text('[tokens in=120 out=34 cached=50 reasoning=7] [frames 20]'))],
    });
    expect(tokensOf(decoder.usage)).toEqual(simulated.requests.at(-1)?.stated);
    expect(decoder).toMatchObject({ finished: true, contentFrames: 21 });
  });
});
