/** Watching Responses go by: usage, content, the end, and what counts as an answer at all. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { scanObject } from '../../../../src/protocols/json-scan.js';
import { openaiResponses } from '../../../../src/protocols/openai-responses/index.js';
import type { DialectError } from '../../../../src/protocols/protocol.js';
import { tokensOf } from '../../../../src/protocols/usage.js';
import { dataOf, recorded, streamOf, type Fields } from './support.js';

const usage = {
  input_tokens: 20,
  input_tokens_details: { cached_tokens: 4, cache_write_tokens: 6 },
  output_tokens: 9,
  output_tokens_details: { reasoning_tokens: 5 },
  total_tokens: 29,
};
const tokens = { input: 10, cacheRead: 4, cacheWrite: 6, output: 9, reasoning: 5 };

function read(stream: string) {
  const reader = openaiResponses.createStreamReader({ hideUsage: false });
  const passed = Buffer.concat([reader.push(Buffer.from(stream)), reader.end()]).toString();
  return { ...reader, passed };
}
const delta = { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Hi' };
const closing = (type: string, response: Fields) => ({ type: `response.${type}`, response });

describe('a stream', () => {
  it.each(['completed', 'incomplete'])('states its usage and its end in response.%s', (type) => {
    const state = read(streamOf([delta, delta, closing(type, { usage })]));
    expect(tokensOf(state.usage)).toEqual(tokens);
    expect(state).toMatchObject({
      opened: true,
      contentFrames: 2,
      finished: true,
      closed: true,
      errorData: null,
    });
  });
  it('that failed is no answer, but what it used is known', () => {
    const failed = closing('failed', { usage, error: { code: 'server_error', message: 'no' } });
    const state = read(streamOf([delta, failed]));
    expect(state).toMatchObject({ finished: false, closed: true, errorData: JSON.stringify(failed) });
    expect(tokensOf(state.usage)).toEqual(tokens);
  });
  it.each([
    { type: 'error', code: 'rate_limit_exceeded', message: 'slow down', param: null },
    { error: { message: 'in the form of chat' } },
    { error: 'a text' },
  ])('with the error %j shows it', (error) => {
    const data = JSON.stringify(error);
    expect(read(`data: ${data}\n\n`)).toMatchObject({ errorData: data, finished: false });
  });
  it('is not taken in by text or tools that talk about ends and errors', () => {
    const talk = '"type":"response.completed","error":{"a":1},"usage":{"input_tokens":5},x.delta"';
    const created = { type: 'response.created', response: { error: null, instructions: talk, usage: null } };
    const tool = { type: 'object', properties: { type: { type: 'error' }, error: { type: 'string' } } };
    const item = { type: 'response.output_item.added', item: { arguments: talk, tools: [tool] } };
    const state = read(streamOf([created, item]));
    expect(state).toMatchObject({ finished: false, closed: false, errorData: null, contentFrames: 0 });
    expect(tokensOf(state.usage)).toBeNull();
  });
  it('may end from the closing frame on, in however many chunks that comes', () => {
    const reader = openaiResponses.createStreamReader({ hideUsage: false });
    expect(reader.mayEnd(Buffer.from(streamOf([delta])))).toBe(false);
    expect(reader.mayEnd(Buffer.from('event: response.completed\ndata: {"ty'))).toBe(true);
    expect(reader.mayEnd(Buffer.from('the rest of it\n\n'))).toBe(true);
  });
  it('as recorded passes on byte for byte', () => {
    const stream = recorded();
    const state = read(stream);
    expect(state.passed).toBe(stream);
    expect(state).toMatchObject({ finished: true, closed: true, contentFrames: 3 });
    const { response } = dataOf(stream).at(-1) as unknown as {
      response: { usage: { input_tokens: number } };
    };
    expect(state.usage.prompt).toBe(response.usage.input_tokens);
  });
});

describe('a request and a whole answer', () => {
  const members = (body: object) => {
    const bytes = Buffer.from(JSON.stringify(body));
    return [scanObject(bytes), bytes] as const;
  };
  it('streams when it says so, and never has to be asked for usage', () => {
    const reading = (body: object) => {
      const [found, bytes] = members(body);
      return openaiResponses.readRequest(bytes, found);
    };
    expect(reading({ stream: true })).toEqual({ stream: true, usageEdits: [] });
    expect(reading({ stream: 'true' }).stream).toBe(false);
    expect(reading({}).stream).toBe(false);
  });
  it.each([
    [{ status: 'completed', output: [{}] }, true],
    [{ status: 'incomplete', output: [{}] }, true],
    [{ output: [{}] }, true],
    [{ status: 'completed', output: [] }, false],
    [{ status: 'completed', output: null }, false],
    [{ status: 'failed', error: {}, output: [{}] }, false],
    [{ error: { message: 'no' } }, false],
  ])('%j: an answer? %s', (body, answers) => {
    expect(openaiResponses.isAnswer(...members(body))).toBe(answers);
  });
  it('states its usage', () => {
    const [found, bytes] = members({ output: [{}], usage });
    expect(tokensOf(openaiResponses.usageOfAnswer(bytes, found))).toEqual(tokens);
  });
});

describe('an error', () => {
  const error: DialectError = {
    status: 502,
    message: 'Slow down. Please try again in 5s.',
    code: 'RATE_LIMITED',
    requestId: 'r1',
  };
  it('that breaks a stream is one on which every client reacts, whatever came before', async () => {
    const created = { type: 'response.created', response: { id: 'r', object: 'response', output: [] } };
    const stream = streamOf([created]) + openaiResponses.errors.frame(error);
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(stream);
    }).listen(0, '127.0.0.1');
    await new Promise((done) => void server.once('listening', done));
    try {
      const { port } = server.address() as AddressInfo;
      const client = new OpenAI({ apiKey: 'k', baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 });
      const seen: string[] = [];
      const reading = async () => {
        for await (const event of await client.responses.create({ model: 'm', input: 'Hi', stream: true })) {
          seen.push(event.type);
        }
      };
      await expect(reading()).rejects.toMatchObject({ code: 'rate_limit_exceeded' });
      expect(seen).toEqual(['response.created', 'response.failed']);
      await expect(client.responses.stream({ model: 'm', input: 'Hi' }).finalResponse()).rejects.toThrow(
        'try again in 5s',
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
  it.each([
    ['CONTEXT_LENGTH', 'context_length_exceeded'],
    ['QUOTA_EXHAUSTED', 'insufficient_quota'],
    ['RATE_LIMITED', 'rate_limit_exceeded'],
    ['CONTENT_POLICY', 'invalid_prompt'],
    ['INVALID_REQUEST', 'invalid_prompt'],
    ['UPSTREAM_ERROR', 'server_error'],
    ['TIMEOUT', 'server_error'],
  ] as const)('of the class %s fails the response as %s', (code, word) => {
    const [failed] = dataOf(openaiResponses.errors.frame({ ...error, code }));
    expect(failed).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: word, message: error.message } },
    });
  });
  it('as a body is what it is in chat', () => {
    expect(JSON.parse(openaiResponses.errors.body({ ...error, status: 429 }))).toEqual({
      error: {
        message: error.message,
        type: 'rate_limit_error',
        param: null,
        code: 'rate_limit_exceeded',
      },
    });
  });
});
