/** Tools that take free text, as agents edit files with, work with providers that know none. */
import OpenAI from 'openai';
import type { Response, ResponseInput, Tool } from 'openai/resources/responses/responses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OUTS, startWorld, type World } from '../support/dialects/world.js';

const PATCH: Tool = {
  type: 'custom',
  name: 'patch',
  description: 'Edits a file',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin" /.+/' },
};
const TEXT = '*** Begin\n+ "Grüße" \\ 世界 {}[]\n*** End';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

describe.each(OUTS.map((out) => [out.dialect, out] as const))('with a provider of %s', (_dialect, out) => {
  it.each(['whole', 'streamed'])(
    'the text arrives as it was written, and its result goes back (%s)',
    async (mode) => {
      const client = new OpenAI({
        baseURL: `${world.gateway.url}/v1`,
        apiKey: world.gateway.key,
        maxRetries: 0,
      });
      const deltas: string[] = [];
      const ask = async (input: ResponseInput): Promise<Response> => {
        const params = { model: out.model, input, tools: [PATCH], store: false };
        if (mode === 'whole') return client.responses.create(params);
        const stream = client.responses.stream(params);
        stream.on('event', (event) => {
          if (event.type === 'response.custom_tool_call_input.delta') deltas.push(event.delta);
        });
        return stream.finalResponse();
      };
      const asked = { role: 'user' as const, content: `[tool patch ${JSON.stringify({ input: TEXT })}]` };
      const { output } = await ask([asked]);
      const call = output.find((item) => item.type === 'custom_tool_call');
      expect(call).toMatchObject({ name: 'patch', input: TEXT });
      if (mode === 'streamed') {
        expect(deltas.join('')).toBe(TEXT);
        if (out.dialect !== 'gemini') expect(deltas.length).toBeGreaterThan(1);
      }
      const result = {
        type: 'custom_tool_call_output' as const,
        call_id: call?.call_id ?? '',
        output: '[say edited]',
      };
      const after = await ask([asked, ...(output as ResponseInput), result]);
      expect(after.output_text).toBe('edited');
      expect(world.provider(out).requests.at(-1)?.bodyText).toContain('start: ');
    },
  );
});
