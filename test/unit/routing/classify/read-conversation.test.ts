/** What the classifier sees of a request body. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCases, requestOf } from '../../../../bench/classify/cases.mjs';
import type { ChatProtocol } from '../../../../src/domain/vocabulary.js';
import { JsonSyntaxError, scanObject, type JsonMembers } from '../../../../src/protocols/json-scan.js';
import { classify } from '../../../../src/routing/classify/classify.js';
import { readConversation } from '../../../../src/routing/classify/read-conversation.js';
import { viewOfPrompt, type ConversationView } from '../../../../src/routing/classify/view.js';

function read(protocol: ChatProtocol, body: unknown): ConversationView {
  const bytes = Buffer.from(JSON.stringify(body));
  return readConversation(protocol, bytes, scanObject(bytes));
}

function chat(...messages: readonly unknown[]): ConversationView {
  return read('OPENAI_CHAT', { messages });
}

const user = (content: unknown) => ({ role: 'user', content });
const assistant = { role: 'assistant', content: 'Done.' };

describe('the last words of the user', () => {
  it('are found in the traffic of every agent of the labelled set, without what surrounds them', () => {
    for (const entry of readCases()) {
      if (entry.text.includes('{{') || entry.agent === 'opencode-title') continue;
      const { protocol, body } = requestOf(entry);
      const view = readConversation(protocol, body, scanObject(body));
      expect(view.text.replace(/^"(.*)"$/su, '$1').trim(), entry.id).toBe(entry.text.trim());
      expect(view.toolResults, entry.id).toBe(entry.toolResults ?? 0);
      expect(view.turns, entry.id).toBe(1 + (entry.conversation?.length ?? 0));
    }
  });

  it('are those behind the last answer, in as many messages as they came', () => {
    const view = chat(user('first'), assistant, user('second'), user([{ type: 'text', text: 'third' }]));
    expect(view.text).toBe('second\nthird');
    expect(view.turns).toBe(2);
  });

  it('stay those of the person while tools answer, also beside a reminder', () => {
    const view = read('ANTHROPIC_MESSAGES', {
      messages: [
        user('find the bug'),
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 't', name: 'Read', input: { role: 'user' } }],
        },
        user([
          { type: 'tool_result', tool_use_id: 't', content: [{ type: 'image', source: {} }] },
          { type: 'text', text: '<system-reminder>\nrefactor everything\n</system-reminder>' },
        ]),
      ],
    });
    expect(view).toMatchObject({ text: 'find the bug', turns: 1, toolResults: 1, images: 1 });
  });

  it('may be a string for the whole input', () => {
    expect(read('OPENAI_RESPONSES', { input: 'hi "there"\n' })).toMatchObject({
      text: 'hi "there"\n',
      turns: 1,
    });
  });

  it('keep their letters in every script', () => {
    const text = 'naïve 证明 привет 👋 "quoted" \\ and\ttabs';
    expect(chat(user(text)).text).toBe(text);
  });

  it('are kept at both ends when they are long, and measured whole', () => {
    const view = chat(user(`BEGIN ${'文 "x" \n'.repeat(20_000)} END`));
    expect(view.text).toMatch(/^BEGIN/);
    expect(view.text).toMatch(/END$/);
    expect(view.text.length).toBeLessThan(4_000);
    expect(view.textBytes).toBeGreaterThan(100_000);
  });
});

describe('envelopes', () => {
  it.each([
    ['<system-reminder>\nmust prove\n</system-reminder>\nhello', 'hello'],
    ['hello\n\n<environment_details>\nfiles\n</environment_details>', 'hello'],
    ['<task>\nhello\n</task>\n\n<environment_details>x</environment_details>', 'hello'],
    ['<relevant-memories>\n- loves proofs\n</relevant-memories>\n\nhello', 'hello'],
    ['<file path="a.ts">\nconst a = 1;\n</file>\nhello', 'hello'],
    ['# AGENTS.md instructions for /srv\n\n<INSTRUCTIONS>x</INSTRUCTIONS>', ''],
    ['Called the Read tool with the following input: {"filePath":"/x"}', ''],
    ['<system-reminder>\ncut off in the mid', ''],
    ['Sender (untrusted metadata):\n```json\n{"a":1}\n```\n\n[Wed 2026-03-11 10:00 UTC] hello', 'hello'],
  ])('come off %j', (wrapped, text) => {
    expect(chat(user(wrapped)).text.trim()).toBe(text);
  });

  it('come off when an encoder escaped their brackets', () => {
    const body = Buffer.from(
      '{"messages":[{"role":"user","content":"\\u003csystem-reminder\\u003ex\\u003c/system-reminder\\u003ehello"}]}',
    );
    expect(readConversation('OPENAI_CHAT', body, scanObject(body)).text).toBe('hello');
  });

  it('are not what a person writes in the midst of a sentence', () => {
    const text = 'Why does <my-element> not close? I wrote <div>a</div> and a < b.';
    expect(chat(user(text)).text).toBe(text);
  });
});

describe('counts', () => {
  it('hold tools, wherever they stand, and the size of the system prompt', () => {
    const tool = { type: 'function', name: 'f', parameters: { properties: { a: { items: [1, 2, 3] } } } };
    const view = read('OPENAI_RESPONSES', {
      instructions: 'Be brief.',
      tools: [tool, tool],
      input: [
        { type: 'additional_tools', role: 'developer', tools: [tool] },
        { role: 'developer', content: [{ type: 'input_text', text: 'Rules' }] },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'hi' },
            { type: 'input_image', image_url: 'x' },
          ],
        },
      ],
    });
    expect(view).toMatchObject({ toolCount: 3, images: 1, turns: 1, systemOpening: 'Be brief.' });
    expect(view.systemBytes).toBeGreaterThan('Be brief.Rules'.length);
    expect(view.toolBytes).toBeGreaterThan(3 * JSON.stringify(tool).length);
  });

  it.each<[ChatProtocol, object, number]>([
    ['OPENAI_CHAT', { reasoning_effort: 'high' }, 0.5],
    ['OPENAI_CHAT', { reasoning_effort: 'medium' }, 0],
    ['OPENAI_RESPONSES', { reasoning: { effort: 'xhigh' } }, 1],
    ['OPENAI_RESPONSES', { reasoning: { summary: 'auto' } }, 0],
    ['ANTHROPIC_MESSAGES', { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } }, 0],
    ['ANTHROPIC_MESSAGES', { output_config: { effort: 'max' } }, 1],
    ['ANTHROPIC_MESSAGES', { thinking: { type: 'enabled', budget_tokens: 64_000 } }, 0.5],
  ])('%s %j asks for an effort of %d against the default', (protocol, body, effort) => {
    expect(read(protocol, body).effort).toBe(effort);
  });

  it('hold the most output allowed under any of its names', () => {
    expect(read('OPENAI_CHAT', { max_completion_tokens: 5 }).maxOutputTokens).toBe(5);
    expect(read('OPENAI_RESPONSES', { max_output_tokens: 6 }).maxOutputTokens).toBe(6);
    expect(read('ANTHROPIC_MESSAGES', { max_tokens: 7 }).maxOutputTokens).toBe(7);
    expect(read('OPENAI_CHAT', { max_tokens: null }).maxOutputTokens).toBeNull();
  });
});

describe('whatever bytes come', () => {
  const protocols = fc.constantFrom<ChatProtocol>(
    'OPENAI_CHAT',
    'OPENAI_RESPONSES',
    'ANTHROPIC_MESSAGES',
    'GEMINI',
  );
  const judge = (protocol: ChatProtocol, body: Buffer, members: JsonMembers): void => {
    const view = readConversation(protocol, body, members);
    for (const previousTier of [null, 'complex']) {
      const { score, tierSlug } = classify(view, { weights: null, previousTier });
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      expect(['simple', 'standard', 'complex', 'reasoning']).toContain(tierSlug);
    }
  };

  it('classifies every JSON object', () => {
    const anything = fc.jsonValue({ maxDepth: 2 });
    const message = fc.record(
      {
        role: fc.oneof(fc.constantFrom('user', 'assistant', 'system', 'tool'), anything),
        type: fc.oneof(fc.constantFrom('message', 'additional_tools', 'function_call_output'), anything),
        content: fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(fc.record({ type: fc.constantFrom('text', 'tool_result', 'image'), text: anything })),
          anything,
        ),
      },
      { requiredKeys: [] },
    );
    const request = fc.dictionary(
      fc.constantFrom('messages', 'input', 'system', 'tools', 'reasoning', 'thinking', 'max_tokens', 'x'),
      fc.oneof(fc.array(message), anything),
    );
    fc.assert(
      fc.property(protocols, request, fc.boolean(), (protocol, value, spaced) => {
        const body = Buffer.from(JSON.stringify(value, null, spaced ? 2 : 0));
        judge(protocol, body, scanObject(body));
      }),
      { numRuns: 50 },
    );
  });

  it('survives bytes changed at random', () => {
    const bodies = readCases()
      .slice(0, 400)
      .filter((_, i) => i % 20 === 0)
      .map(requestOf);
    fc.assert(
      fc.property(
        fc.nat(bodies.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 20 }),
        (which, changes) => {
          const request = bodies[which];
          if (!request) return;
          const { protocol, body } = request;
          const members = scanObject(body);
          const changed = Buffer.from(body);
          for (const [at, byte] of changes) changed[at % changed.length] = byte;
          // Even against members that no longer fit the bytes.
          judge(protocol, changed, members);
          try {
            judge(protocol, changed, scanObject(changed));
          } catch (error) {
            expect(error).toBeInstanceOf(JsonSyntaxError);
          }
        },
      ),
    );
  });

  it.each([
    ['quotes', '"'.repeat(500_000)],
    ['backslashes', '\\'.repeat(500_000)],
    ['envelopes that never close', '<a-b>\n'.repeat(100_000)],
    ['words of agreement', 'go ahead and do it '.repeat(50_000)],
    ['blanks', `import ;${' '.repeat(500_000)}x`],
    ['labels', 'A (untrusted metadata):\n```json'.repeat(20_000)],
  ])('takes time in proportion to the body, not to its square, for %s', (_, text) => {
    const body = Buffer.from(JSON.stringify({ messages: [user(text), user(text.slice(0, 130))] }));
    const members = scanObject(body);
    const from = performance.now();
    judge('OPENAI_CHAT', body, members);
    expect(performance.now() - from).toBeLessThan(2_000);
  });
});

describe('the view of a dry run', () => {
  it('has the prompt and at least the size it was told', () => {
    expect(viewOfPrompt('hi', 10_000)).toMatchObject({ text: 'hi', turns: 1, totalBytes: 40_000 });
    expect(viewOfPrompt(null, null)).toMatchObject({ text: '', turns: 0, totalBytes: 0 });
    expect(viewOfPrompt('naïve 证明', null).text).toBe('naïve 证明');
  });
});
