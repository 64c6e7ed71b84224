/** Recorded streams of real providers: each yields exactly the usage its own frames state, watched or translated. */
import { expect, it } from 'vitest';
import type { TokenCounts } from '../../../src/domain/tokens.js';
import { tokensOf } from '../../../src/protocols/usage.js';
import { RECORDED_STREAMS, type RecordedStream } from '../../support/dialects/recorded-streams.js';
import { decode, translate, TRANSLATIONS, watch } from '../../support/dialects/streams.js';

const tokens = (input: number, cacheRead: number, output: number, reasoning: number | null): TokenCounts => ({
  input,
  cacheRead,
  cacheWrite: 0,
  output,
  reasoning,
});

/** Read off the frames by hand: fresh input, cached input, output with reasoning inside, reasoning. */
const STATED: Readonly<Record<string, TokenCounts>> = {
  'alibaba-tool-call': tokens(295, 0, 22, null),
  // Its last frame restates an input of 43 as 61.
  'anthropic-message-delta-input-tokens': tokens(61, 0, 2, null),
  'anthropic-text': tokens(12, 0, 30, null),
  'anthropic-tool-no-args': tokens(565, 0, 48, null),
  'deepseek-reasoning': tokens(18, 0, 219, 205),
  'deepseek-text': tokens(13, 0, 400, null),
  // 339 of input, 320 of them from the cache.
  'deepseek-tool-call': tokens(19, 320, 83, 39),
  // 23 of answer and 185 of thoughts, which the provider counts apart.
  'google-text': tokens(9, 0, 208, 185),
  'google-tool-call': tokens(29, 0, 60, 45),
  'moonshotai-stream': tokens(9, 0, 12, 7),
  'openai-custom-tool.1': tokens(50, 0, 20, 0),
  'openai-text': tokens(16, 0, 300, 0),
};

/** What is called in them, with what. */
const CALLED: Readonly<Record<string, readonly [name: string, input: string]>> = {
  'alibaba-tool-call': ['weather', '{"location": "San Francisco"}'],
  'anthropic-tool-no-args': ['updateIssueList', ''],
  'deepseek-tool-call': ['weather', '{"location": "San Francisco"}'],
  'google-tool-call': ['weather', '{"location":"San Francisco"}'],
  'openai-custom-tool.1': ['write_sql', 'SELECT * FROM users WHERE age > 25'],
};

it('has a number for every recording', () => {
  expect(RECORDED_STREAMS.map(({ name }) => name)).toEqual(Object.keys(STATED));
});

it.each(RECORDED_STREAMS.map((stream): [string, RecordedStream] => [stream.name, stream]))(
  '%s states its usage to the token, ends properly, and says the same in every dialect',
  (name, { protocol, bytes }) => {
    const decoded = decode(protocol, [bytes]);
    expect(tokensOf(decoded.state.usage)).toEqual(STATED[name]);
    expect(decoded.state).toMatchObject({ opened: true, finished: true, errorData: null });
    const watched = watch(protocol, [bytes]);
    if (watched !== null) {
      expect(watched.bytes.equals(bytes)).toBe(true);
      expect(tokensOf(watched.state.usage)).toEqual(STATED[name]);
      expect(watched.state).toEqual(decoded.state);
    }
    const called = CALLED[name];
    const calls = decoded.parts.filter((part) => part.type === 'tool_call');
    expect(calls.map((call) => [call.name, call.text])).toEqual(called === undefined ? [] : [called]);
    for (const [to, client] of TRANSLATIONS) {
      const written = Buffer.from(translate(protocol, client, [bytes]).output);
      const again = decode(to, [written]);
      expect(again.state, to).toMatchObject({ finished: true, closed: true, errorData: null });
      expect(textOf(again), to).toEqual(textOf(decoded));
      const { input, cacheRead, output } = STATED[name] ?? tokens(0, 0, 0, null);
      expect(tokensOf(again.state.usage), to).toMatchObject({ input, cacheRead, output });
    }
  },
);

const textOf = ({ parts }: ReturnType<typeof decode>): string =>
  parts
    .filter(({ type }) => type === 'text')
    .map(({ text }) => text)
    .join('');
