/** Requests that pass on in their own dialect: only what a quirk or a seal demands changes. */
import { describe, expect, it } from 'vitest';
import { applyEdits, scanObject } from '../../../../src/protocols/json-scan.js';
import { openaiResponsesRepair } from '../../../../src/protocols/openai-responses/index.js';
import { sealText } from '../../../../src/protocols/reasoning-seal.js';
import type { Target } from '../../../../src/protocols/target.js';
import { TARGET } from './support.js';

function repaired(json: string, target: Partial<Target> = {}) {
  const body = Buffer.from(json);
  const { edits, repairs } = openaiResponsesRepair(body, scanObject(body), { ...TARGET, ...target });
  return { json: applyEdits(body, edits).toString(), repairs };
}
const quirks = (quirk: Target['quirks']) => ({ quirks: quirk });

it('leaves alone what needs nothing', () => {
  const json = '{ "model":"m", "input":"\\u00e9", "max_output_tokens": 5, "reasoning":{"effort":"low"} }';
  expect(repaired(json, { maxOutputTokens: 10 })).toEqual({ json, repairs: [] });
});

it('lowers a bound on output that the model cannot reach, and a temperature', () => {
  const target = { maxOutputTokens: 10, quirks: { temperatureMax: 1 } };
  expect(repaired('{"max_output_tokens": 50 ,"temperature":1.5}', target)).toEqual({
    json: '{"max_output_tokens": 10 ,"temperature":1}',
    repairs: ['max_tokens_clamped', 'temperature_clamped'],
  });
});

it('asks for an effort that the model knows', () => {
  expect(
    repaired('{"reasoning":{"summary":"auto","effort":"xhigh"}}', quirks({ efforts: ['low', 'high'] })),
  ).toEqual({
    json: '{"reasoning":{"summary":"auto","effort":"high"}}',
    repairs: ['reasoning_effort'],
  });
});

it('calls developers system where only that is known', () => {
  const input = '[{"role":"developer","content":"a"},{"role":"user","content":"developer"}]';
  expect(repaired(`{"input":${input}}`, quirks({ noDeveloperRole: true }))).toEqual({
    json: '{"input":[{"role":"system","content":"a"},{"role":"user","content":"developer"}]}',
    repairs: ['developer_role'],
  });
});

describe('fields a provider refuses', () => {
  it.each([
    ['{"a":1,"b":2,"c":3}', ['a'], '{"b":2,"c":3}'],
    ['{"a":1 , "b":2 , "c":3 }', ['b'], '{"a":1 , "c":3 }'],
    ['{"a":1,"b":2 , "c":3 }', ['b', 'c'], '{"a":1 }'],
    ['{"a":1,"b":2,"c":3}', ['a', 'c'], '{"b":2}'],
    ['{ "a":1,"b":2,"c":3 }', ['a', 'b', 'c'], '{  }'],
  ])('%s without %j', (json, refusedFields, left) => {
    expect(repaired(json, quirks({ refusedFields }))).toEqual({
      json: left,
      repairs: refusedFields.map((field) => `removed.${field}`),
    });
  });
  it('are not repaired as well', () => {
    const target = { maxOutputTokens: 1, ...quirks({ refusedFields: ['max_output_tokens'] }) };
    expect(repaired('{"max_output_tokens":5}', target).json).toBe('{}');
  });
});

describe('thoughts with our seal', () => {
  const origin = {
    model: 'openai/gpt-x',
    protocol: 'OPENAI_RESPONSES',
    signature: 'gAAA',
    itemId: 'rs_own',
  } as const;
  const item = (seal: string) =>
    `{"type":"reasoning","id":"rs_ours","summary":[],"encrypted_content":"${seal}"}`;
  const own = item(sealText(origin));
  const foreign = item(sealText({ ...origin, model: 'zai/glm' }));
  const unsealed = item(sealText({ ...origin, signature: null }));
  const call = '{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}';
  const input = (...items: string[]) => `{"input":[${items.join(' , ')}],"model":"m"}`;
  it('go back to their model as it wrote them, and to no other', () => {
    const back = '{"type":"reasoning","id":"rs_own","summary":[],"encrypted_content":"gAAA"}';
    expect(repaired(input(foreign, own, unsealed, call, foreign)).json).toBe(
      `{"input":[${back} , ${call}],"model":"m"}`,
    );
    expect(repaired(input(foreign)).json).toBe('{"input":[],"model":"m"}');
  });
  it('are told apart from those a provider sealed, and from text about them', () => {
    const json = input(item('gAAA'), '{"role":"user","content":"sy1.x"}', '"sy1.x"');
    expect(repaired(json)).toEqual({ json, repairs: [] });
  });
});
