/** Requests that pass on: changed only where the provider declares to need it, and byte for byte the same elsewhere. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits, scanObject } from '../../../../src/protocols/json-scan.js';
import { openaiChatRepair } from '../../../../src/protocols/openai-chat/index.js';
import { removalOf } from '../../../../src/protocols/openai-chat/remove-members.js';
import type { Quirks } from '../../../../src/protocols/target.js';
import { target } from './given.js';

function repair(body: object | string, quirks: Quirks, most: number | null = null) {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const { edits, repairs } = openaiChatRepair(bytes, scanObject(bytes), target(quirks, most));
  const text = applyEdits(bytes, edits).toString();
  return { text, body: JSON.parse(text) as Record<string, unknown>, repairs };
}

const every = {
  model: 'm',
  messages: [
    { role: 'developer', content: 'a' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'toolu_1', content: 'x' },
  ],
  max_tokens: 900,
  stop: ['a', 'b'],
  temperature: 1.9,
  reasoning_effort: 'high',
  seed: 1,
  response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
  stream: true,
  stream_options: { include_usage: true },
};

it('leaves everything alone for a provider that departs in nothing', () => {
  const { text, repairs } = repair(every, {});
  expect(text).toBe(JSON.stringify(every));
  expect(repairs).toEqual([]);
});

it('renames the bound on output, and keeps one of two', () => {
  const quirks = { maxTokensField: 'max_completion_tokens' } as const;
  expect(repair('{"model":"m", "max_tokens" : 9 ,"x":1}', quirks)).toMatchObject({
    text: '{"model":"m", "max_completion_tokens":9 ,"x":1}',
    repairs: ['max_tokens_renamed'],
  });
  expect(repair('{"model":"m","max_tokens":9,"max_completion_tokens":5}', quirks).body).toEqual({
    model: 'm',
    max_completion_tokens: 5,
  });
  expect(repair('{"max_completion_tokens":null,"model":"m"}', { maxTokensField: 'max_tokens' }).text).toBe(
    '{"model":"m"}',
  );
});
it('lowers the bound to what the model can write, and leaves a lower one', () => {
  expect(repair(every, {}, 100)).toMatchObject({
    body: { max_tokens: 100 },
    repairs: ['max_tokens_clamped'],
  });
  expect(repair(every, {}, 901).repairs).toEqual([]);
});
it('keeps stop and temperature within bounds', () => {
  expect(repair(every, { stopMax: 1, temperatureMax: 1 })).toMatchObject({
    body: { stop: ['a'], temperature: 1 },
    repairs: ['temperature_clamped', 'stop_shortened'],
  });
});
it('changes roles, ids and empty content in the messages, and nothing else in them', () => {
  const { body, repairs } = repair(every, {
    noDeveloperRole: true,
    emptyContent: true,
    toolIds: 'nine-alphanumerics',
  });
  const [first, turn, result] = body['messages'] as Record<string, unknown>[];
  expect(first).toEqual({ role: 'system', content: 'a' });
  const id = /"id":"([^"]+)"/.exec(JSON.stringify(turn))?.[1];
  expect(id).toMatch(/^[a-zA-Z0-9]{9}$/);
  expect(result).toEqual({ role: 'tool', tool_call_id: id, content: 'x' });
  expect(turn).toMatchObject({ content: '', tool_calls: [{ function: { name: 'f' } }] });
  expect([...repairs].sort()).toEqual(['developer_role', 'empty_content', 'tool_ids']);
});
it('adds empty content where a turn has none', () => {
  const text = '{"messages":[{"role":"assistant","tool_calls":[{"id":"a"}]}],"model":"m"}';
  expect(repair(text, { emptyContent: true }).body['messages']).toEqual([
    { role: 'assistant', tool_calls: [{ id: 'a' }], content: '' },
  ]);
});
it('takes out refused fields wherever they stand, also such as other rules change', () => {
  const { body, repairs } = repair(every, {
    refusedFields: ['seed', 'stop', 'logprobs'],
    stopMax: 1,
    noStreamOptions: true,
  });
  const { seed: _a, stop: _b, stream_options: _c, ...rest } = every;
  expect(body).toEqual(rest);
  expect(repairs).toContain('removed.seed');
});
it('says a schema in words where the provider knows JSON only', () => {
  const { body, repairs } = repair(every, { responseFormat: 'json_object' });
  expect(body['response_format']).toEqual({ type: 'json_object' });
  expect(body['messages']).toHaveLength(4);
  expect(JSON.stringify(body['messages'])).toContain('JSON Schema');
  expect(repairs).toEqual(['response_format']);
  expect(() => repair(every, { responseFormat: 'none' })).toThrow(/response_format/);
});
it('asks for thinking in the provider’s own way, and leaves its own way alone', () => {
  const quirks = { reasoningControl: 'thinking-type' } as const;
  expect(repair({ model: 'm', reasoning_effort: 'none', x: 1 }, quirks)).toMatchObject({
    text: '{"model":"m","x":1,"thinking":{"type":"disabled"}}',
    repairs: ['reasoning_effort'],
  });
  const asIs = '{"model":"m","thinking":{"type":"enabled","clear_thinking":false}}';
  expect(repair(asIs, quirks)).toMatchObject({ text: asIs, repairs: [] });
  expect(repair({ model: 'm', reasoning_effort: 'max' }, { efforts: ['low', 'high'] }).body).toEqual({
    model: 'm',
    reasoning_effort: 'high',
  });
  expect(repair({ model: 'm', thinking: { type: 'enabled' } }, { reasoningControl: 'none' }).body).toEqual({
    model: 'm',
  });
});
it('refuses a call that cannot be demanded, and hides tools none of which may be called', () => {
  const quirks = { toolChoiceAutoOnly: true };
  expect(() => repair({ model: 'm', tool_choice: 'required' }, quirks)).toThrow(/tool_choice/);
  expect(repair({ model: 'm', tools: [{}], tool_choice: 'none' }, quirks).body).toEqual({ model: 'm' });
  expect(repair({ model: 'm', tools: [{}], tool_choice: 'auto' }, quirks).repairs).toEqual([]);
});
it('refuses pictures by URL where the provider fetches none', () => {
  const of = (url: string) => ({
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
  });
  expect(() => repair(of('https://a.example'), { noImageUrls: true })).toThrow(/its data/);
  expect(repair(of('data:image/png;base64,QUJD'), { noImageUrls: true }).repairs).toEqual([]);
});

describe('members that are taken out', () => {
  it('leave exactly the others, whichever they are', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.infiniteStream(fc.boolean()),
        fc.constantFrom(0, 2),
        (object, coin, indent) => {
          const bytes = Buffer.from(JSON.stringify(object, null, indent));
          const names = new Set(Object.keys(object).filter(() => coin.next().value));
          const left = applyEdits(bytes, removalOf(scanObject(bytes), names)).toString();
          const kept = Object.entries(JSON.parse(bytes.toString()) as object).filter(
            ([name]) => !names.has(name),
          );
          expect(JSON.parse(left)).toEqual(Object.fromEntries(kept));
        },
      ),
    );
  });
});
