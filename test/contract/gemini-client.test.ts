/** Google's own client reads the simulated Gemini provider, so that what is proved against the one holds for the other. */
import { GoogleGenAI, type Content, type GenerateContentResponse } from '@google/genai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';

const MODEL = 'gemini-3-pro-preview';
const TOOLS = [
  {
    functionDeclarations: [
      { name: 'weather', parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } } },
      { name: 'clock' },
    ],
  },
];

let gemini: SimulatedProvider;
let client: GoogleGenAI;
beforeAll(async () => {
  gemini = await startSimulatedProvider('gemini');
  client = new GoogleGenAI({ apiKey: gemini.keys.good, httpOptions: { baseUrl: gemini.url } });
});
afterAll(() => gemini.close());

const user = (text: string): Content => ({ role: 'user', parts: [{ text }] });

async function streamed(contents: Content[]): Promise<GenerateContentResponse[]> {
  const stream = await client.models.generateContentStream({
    model: MODEL,
    contents,
    config: { tools: TOOLS },
  });
  const chunks: GenerateContentResponse[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

describe('Google’s client', () => {
  it('reads text, thoughts and usage', async () => {
    const answer = await client.models.generateContent({
      model: MODEL,
      contents: [user('[think Hm.][say hello there][tokens in=12 out=34 cached=5 reasoning=7]')],
      config: { thinkingConfig: { includeThoughts: true }, systemInstruction: 'Be brief.' },
    });
    expect(answer.text).toBe('hello there');
    expect(answer.candidates?.[0]?.content?.parts?.[0]).toMatchObject({ text: 'Hm.', thought: true });
    expect(answer.usageMetadata).toMatchObject({
      promptTokenCount: 17,
      cachedContentTokenCount: 5,
      candidatesTokenCount: 27,
      thoughtsTokenCount: 7,
      totalTokenCount: 51,
    });
  });

  it('streams text piece by piece, with the usage at the end', async () => {
    const chunks = await streamed([user('[say one two three][tokens in=3 out=4]')]);
    expect(chunks.map((chunk) => chunk.text ?? '').join('')).toBe('one two three');
    expect(chunks.length).toBeGreaterThan(2);
    expect(chunks.at(-1)?.usageMetadata).toMatchObject({ promptTokenCount: 3, candidatesTokenCount: 4 });
    expect(chunks.at(-1)?.candidates?.[0]?.finishReason).toBe('STOP');
  });

  it('gets several tools called and brings their results, seals and all', async () => {
    const asked = user('[tools weather {"city":"Oslo"} clock]');
    const chunks = await streamed([asked]);
    const parts = chunks.flatMap((chunk) => chunk.candidates?.[0]?.content?.parts ?? []);
    expect(chunks.flatMap((chunk) => chunk.functionCalls ?? [])).toMatchObject([
      { name: 'weather', args: { city: 'Oslo' } },
      { name: 'clock', args: {} },
    ]);
    const calls = parts.filter((part) => part.functionCall);
    const results: Content = {
      role: 'user',
      parts: [
        { functionResponse: { name: 'weather', response: { output: 'rain' } } },
        { functionResponse: { name: 'clock', response: { output: '[say noon]' } } },
      ],
    };
    const after = await streamed([asked, { role: 'model', parts: calls }, results]);
    expect(after.map((chunk) => chunk.text ?? '').join('')).toBe('noon');
    const unsealed = calls.map(({ functionCall }) => ({ ...(functionCall && { functionCall }) }));
    await expect(streamed([asked, { role: 'model', parts: unsealed }, results])).rejects.toThrow(
      /thought_signature/,
    );
  });

  it('reads refusals as errors of its own', async () => {
    await expect(streamed([user('[fail rate-limit]')])).rejects.toMatchObject({ status: 429 });
  });
});
