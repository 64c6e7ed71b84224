/** Writing conversations: turns, thoughts, media and cache markers as Anthropic takes them. */
import { describe, expect, it } from 'vitest';
import type {
  CanonicalMessage,
  CanonicalRequest,
  ReasoningOrigin,
} from '../../../../src/protocols/canonical.js';
import { anthropicMessagesProvider } from '../../../../src/protocols/anthropic-messages/index.js';
import type { Target } from '../../../../src/protocols/target.js';
import { REQUEST, TARGET } from './support.js';

const write = (request: Partial<CanonicalRequest>, target: Partial<Target> = {}) =>
  anthropicMessagesProvider.writeRequest({ ...REQUEST, ...request }, { ...TARGET, ...target });
const user = (text: string): CanonicalMessage => ({ role: 'user', content: [{ type: 'text', text }] });
const own: ReasoningOrigin = { model: TARGET.model, protocol: 'ANTHROPIC_MESSAGES', signature: 'sig' };
const callOf = (id: string, input = '{}') => ({ type: 'tool_call', id, name: 'run', input }) as const;
const resultOf = (callId: string) =>
  ({ type: 'tool_result', callId, content: [{ type: 'text', text: 'ok' }], isError: false }) as const;

describe('the conversation', () => {
  it('has its instructions in front, later ones in place, and turns by turns', () => {
    const { body, repairs } = write({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'One', cache: { ttl: '1h' } }] },
        { role: 'developer', content: [{ type: 'text', text: 'Two' }] },
        user('Hi'),
        user('there'),
        { role: 'assistant', content: [{ type: 'text', text: 'Hello' }] },
        { role: 'system', content: [{ type: 'text', text: 'Be brief' }] },
        user('Go'),
      ],
    });
    expect(body).toMatchObject({
      model: 'claude-x',
      max_tokens: 4_000,
      system: [
        { type: 'text', text: 'One', cache_control: { type: 'ephemeral', ttl: '1h' } },
        { type: 'text', text: 'Two' },
      ],
      messages: [
        { role: 'user', content: [{ text: 'Hi' }, { text: 'there' }] },
        { role: 'assistant', content: [{ text: 'Hello' }] },
        { role: 'user', content: [{ text: 'Be brief' }, { text: 'Go' }] },
      ],
    });
    expect(repairs).toEqual(['instructions_in_place']);
  });

  it('has the results of parallel calls in one turn, in front of what else is said in it', () => {
    const { body, repairs } = write({
      messages: [
        user('Go'),
        { role: 'assistant', content: [callOf('functions.run:0', '{"a":1}')] },
        { role: 'assistant', content: [callOf('b')] },
        user('Hurry'),
        { role: 'user', content: [resultOf('functions.run:0')] },
        { role: 'user', content: [{ ...resultOf('b'), content: [], isError: true }] },
      ],
    });
    const messages = body['messages'] as { role: string; content: Record<string, unknown>[] }[];
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    expect(messages[1]?.content).toMatchObject([
      { type: 'tool_use', input: { a: 1 } },
      { type: 'tool_use', id: 'b' },
    ]);
    expect(messages[2]?.content).toMatchObject([
      { type: 'tool_result', tool_use_id: messages[1]?.content[0]?.['id'], content: [{ text: 'ok' }] },
      { type: 'tool_result', tool_use_id: 'b', is_error: true, content: expect.stringMatching(/./) },
      { type: 'text', text: 'Hurry' },
    ]);
    expect(messages[1]?.content[0]?.['id']).toMatch(/^[\w-]+$/);
    expect(repairs).toEqual(['tool_ids']);
  });

  it('has no empty text, no thought at the end of a turn, and nothing it would be refused for', () => {
    const { body } = write({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: ' \n' },
            { type: 'text', text: 'Hi' },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Begin ' },
            { type: 'reasoning', text: 'hm', origin: own },
          ],
        },
      ],
    });
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Begin' }] },
    ]);
  });

  it('shows a thought to the model it is from, sealed as it was, and to no other', () => {
    const thoughts = (target: Partial<Target>) =>
      write(
        {
          messages: [
            user('Go'),
            {
              role: 'assistant',
              content: [
                { type: 'reasoning', text: 'hm', origin: own },
                { type: 'reasoning', text: '', origin: { ...own, redacted: true } },
                { type: 'reasoning', text: 'ha', origin: { ...own, protocol: 'OPENAI_CHAT' } },
                { type: 'reasoning', text: 'ho', origin: { ...own, model: null } },
                { type: 'text', text: 'Hello' },
              ],
            },
            user('On'),
          ],
        },
        target,
      );
    const ofOwn = thoughts({}).body['messages'] as { content: unknown }[];
    expect(ofOwn[1]?.content).toEqual([
      { type: 'thinking', thinking: 'hm', signature: 'sig' },
      { type: 'redacted_thinking', data: 'sig' },
      { type: 'text', text: 'Hello' },
    ]);
    const ofOther = thoughts({ model: 'anthropic/claude-y' });
    expect((ofOther.body['messages'] as { content: unknown }[])[1]?.content).toEqual([
      { type: 'text', text: 'Hello' },
    ]);
    expect(ofOther.dropped).toEqual([]);
  });

  it('has its pictures and documents', () => {
    const { body } = write({
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'image',
              source: { kind: 'data', mediaType: 'image/jpg', base64: 'AA' },
              cache: { ttl: null },
            },
            { type: 'image', source: { kind: 'url', url: 'https://x' } },
            {
              type: 'file',
              name: 'a.pdf',
              source: { kind: 'data', mediaType: 'application/pdf', base64: 'BB' },
            },
            {
              type: 'file',
              name: null,
              source: { kind: 'data', mediaType: 'text/csv', base64: btoa('a,b') },
            },
            { type: 'file', name: null, source: { kind: 'file', fileId: 'f1' } },
          ],
        },
      ],
    });
    expect((body['messages'] as { content: unknown }[])[0]?.content).toEqual([
      {
        type: 'image',
        source: { type: 'base64', media_type: 'image/jpeg', data: 'AA' },
        cache_control: { type: 'ephemeral' },
      },
      { type: 'image', source: { type: 'url', url: 'https://x' } },
      {
        type: 'document',
        source: { type: 'base64', media_type: 'application/pdf', data: 'BB' },
        title: 'a.pdf',
      },
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'a,b' } },
      { type: 'document', source: { type: 'file', file_id: 'f1' } },
    ]);
  });

  it('is a turn of the user where there are instructions only', () => {
    const { body } = write({ messages: [{ role: 'system', content: [{ type: 'text', text: 'Write' }] }] });
    expect(body['system']).toBeUndefined();
    expect(body['messages']).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Write' }] }]);
  });
});

describe('cache markers', () => {
  const marked = (text: string) => ({ type: 'text', text, cache: { ttl: null } }) as const;
  const textsMarked = (body: object) =>
    [...JSON.stringify(body).matchAll(/"text":"(\d)","cache_control"/g)].map(([, text]) => text);

  it('are four at most: the first and the last', () => {
    const { body, repairs } = write({
      messages: [
        { role: 'system', content: [marked('1'), marked('2')] },
        { role: 'user', content: [marked('3'), marked('4'), marked('5'), marked('6')] },
      ],
    });
    expect(textsMarked(body)).toEqual(['1', '2', '5', '6']);
    expect(repairs).toEqual(['cache_markers']);
  });

  it('stand where a caller with a cache key means them', () => {
    const { body, dropped } = write({
      cacheKey: 'k',
      messages: [{ role: 'system', content: [{ type: 'text', text: '1' }] }, user('2'), user('3')],
    });
    expect(textsMarked(body)).toEqual(['1', '3']);
    expect(dropped).toEqual([]);
  });
});
