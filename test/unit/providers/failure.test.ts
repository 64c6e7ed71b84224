import { describe, expect, test } from 'vitest';
import { FAILURE_MESSAGE_MAX_CHARS } from '../../../src/config/limits.js';
import type { OfferingDefinition } from '../../../src/providers/define-provider.js';
import { classifyFailure, isErrorBody, judgeProbe, readErrorAnswer } from '../../../src/providers/failure.js';
import { findProvider } from '../../../src/providers/registry.js';
import { simulationOf, SIMULATED_SLUGS } from '../../support/providers/simulated-provider.js';

const NOW = Date.parse('2026-08-12T08:00:00Z');
const hints = { retryAfter: null, now: NOW };
const unruled = { failures: [] };

const offeringOf = (slug: string, code?: string): OfferingDefinition => {
  const offerings = findProvider(slug)?.offerings ?? [];
  const offering = code === undefined ? offerings[0] : offerings.find((candidate) => candidate.code === code);
  if (!offering) throw new Error(`no offering ${slug}/${code}`);
  return offering;
};

const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

describe.each(SIMULATED_SLUGS)('the refusals known of %s', (slug) => {
  const { failures } = simulationOf(slug);
  const offerings = findProvider(slug)?.offerings ?? [];
  const cases = offerings.flatMap((offering) =>
    Object.entries(failures).map(([name, failure]) => ({ offering, name, failure })),
  );

  test.each(cases)('$name at $offering.code is $failure.class', ({ offering, failure }) => {
    const classified = classifyFailure(
      offering,
      readErrorAnswer(failure.status, textOf(failure.body)),
      hints,
    );
    expect(classified).toMatchObject({ class: failure.class, httpStatus: failure.status });
    expect(classified.message).not.toBe(`HTTP ${failure.status}`);
  });

  test('each of them with a 2xx status is recognised as an error', () => {
    for (const { body, status } of Object.values(failures))
      if (status < 300) expect(isErrorBody(body)).toBe(true);
  });
});

describe('reading an error answer', () => {
  test.each([
    ['OpenAI', { error: { code: 'c', type: 't', message: 'm' } }, { code: 'c', type: 't', message: 'm' }],
    [
      'Anthropic',
      { type: 'error', error: { type: 't', message: 'm' } },
      { code: null, type: 't', message: 'm' },
    ],
    ['text under error', { error: 'm' }, { code: null, type: null, message: 'm' }],
    ['text with a status', { error: 'm', status: 402 }, { code: '402', type: null, message: 'm' }],
    ['code and msg', { code: 1000, msg: 'm', success: false }, { code: '1000', type: null, message: 'm' }],
    [
      'code and message',
      { code: 'Throttling', message: 'm' },
      { code: 'Throttling', type: null, message: 'm' },
    ],
    [
      'base_resp',
      { base_resp: { status_code: 1004, status_msg: 'm' } },
      { code: '1004', type: null, message: 'm' },
    ],
    ['a list of errors', [{ error: { code: 429, message: 'm' } }], { code: '429', type: null, message: 'm' }],
    [
      'a failed response',
      { type: 'response.failed', response: { error: { code: 'server_error', message: 'm' } } },
      { code: 'server_error', type: null, message: 'm' },
    ],
    ['nothing usable', { weird: true }, { code: null, type: null, message: 'HTTP 418' }],
  ])('takes code, type and message out of the form of %s', (_, body, expected) => {
    expect(readErrorAnswer(418, JSON.stringify(body))).toMatchObject({ status: 418, ...expected, body });
  });

  test.each([
    ['', 'HTTP 502'],
    ['upstream connect error', 'upstream connect error'],
    [
      '<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>',
      '502 Bad Gateway',
    ],
    ['{"error":', '{"error":'],
    ['null', 'null'],
  ])('makes something sayable of %j', (text, message) => {
    expect(readErrorAnswer(502, text)).toMatchObject({ code: null, type: null, message });
  });
});

describe('an answer with a 2xx status', () => {
  test.each([
    { error: { message: 'm' } },
    { error: 'm' },
    { type: 'error', error: { type: 'overloaded_error' } },
    { code: 1000, msg: 'Authentication Failed', success: false },
    { base_resp: { status_code: 1004, status_msg: 'login fail' } },
    { code: 'Throttling', message: 'm' },
    { type: 'response.failed', response: {} },
  ])('is an error when it says %j', (body) => {
    expect(isErrorBody(body)).toBe(true);
  });

  test.each([
    { object: 'list', data: [] },
    { id: 'resp_1', object: 'response', error: null, status: 'completed' },
    { choices: [], usage: null },
    { choices: [], cost: '0' },
    { choices: [{ message: {} }], base_resp: { status_code: 0, status_msg: '' } },
    { code: 200, msg: 'Operation successful', data: {}, success: true },
    { type: 'message', content: [] },
    null,
    'text',
    [],
  ])('is none when it says %j', (body) => {
    expect(isErrorBody(body)).toBe(false);
  });
});

describe('classifying without a rule of the provider', () => {
  test.each([
    [401, { error: { message: 'no' } }, 'AUTHENTICATION'],
    [403, { error: { message: 'no' } }, 'AUTHENTICATION'],
    [402, { error: { message: 'no' } }, 'BILLING'],
    [404, { error: { message: 'no' } }, 'MODEL_NOT_FOUND'],
    [413, { error: { message: 'no' } }, 'CONTEXT_LENGTH'],
    [429, { error: { message: 'no' } }, 'RATE_LIMITED'],
    [429, { error: { message: 'no', code: 'insufficient_quota' } }, 'BILLING'],
    [500, { error: { message: 'no' } }, 'UPSTREAM_ERROR'],
    [529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'UPSTREAM_ERROR'],
    [504, '', 'TIMEOUT'],
    [400, { error: { message: 'temperature must be at most 2' } }, 'INVALID_REQUEST'],
    [422, { detail: 'bad field' }, 'INVALID_REQUEST'],
    [400, { error: { message: 'prompt is too long: 210000 tokens > 200000 maximum' } }, 'CONTEXT_LENGTH'],
    [400, { error: { message: "This model's maximum context length is 131072 tokens." } }, 'CONTEXT_LENGTH'],
    [
      400,
      { error: { type: 'invalid_request_error', message: 'model: nope does not exist' } },
      'MODEL_NOT_FOUND',
    ],
    [200, { code: 401, msg: 'token expired', success: false }, 'AUTHENTICATION'],
    [200, { error: 'something' }, 'UPSTREAM_ERROR'],
  ] as const)('%i %j is %s', (status, body, expected) => {
    expect(classifyFailure(unruled, readErrorAnswer(status, textOf(body)), hints).class).toBe(expected);
  });
});

describe('when to try again', () => {
  const answer = readErrorAnswer(429, '{"error":{"message":"slow down"}}');
  const retryAt = (given: { retryAfter: string | null; retryAfterMs?: string }): number | null =>
    classifyFailure(unruled, answer, { ...given, now: NOW }).retryAt;

  test.each([
    ['seconds', { retryAfter: '30' }, NOW + 30_000],
    ['zero seconds', { retryAfter: '0' }, NOW],
    ['a date', { retryAfter: 'Wed, 12 Aug 2026 08:05:00 GMT' }, NOW + 300_000],
    ['milliseconds, which are finer', { retryAfter: '1', retryAfterMs: '250' }, NOW + 250],
  ])('is read from %s', (_, given, expected) => {
    expect(retryAt(given)).toBe(expected);
  });

  test.each(['soon', '-5', '99999999', 'Wed, 12 Aug 2020 08:05:00 GMT'])(
    'is unknown when "%s" is said',
    (said) => {
      expect(retryAt({ retryAfter: said })).toBeNull();
    },
  );

  test('is read from the text of Z.ai, which is Beijing time', () => {
    const body = {
      error: {
        code: '1308',
        message: 'Usage limit reached for 5 hour. Your limit will reset at 2026-08-12 18:58:34',
      },
    };
    const failure = classifyFailure(offeringOf('zai'), readErrorAnswer(429, JSON.stringify(body)), hints);
    expect(failure.retryAt).toBe(Date.parse('2026-08-12T10:58:34Z'));
  });

  test('is not a moment that has passed', () => {
    const body = { error: { code: '1310', message: 'Your limit will reset at 2026-08-01 10:03:40' } };
    expect(
      classifyFailure(offeringOf('zai'), readErrorAnswer(429, JSON.stringify(body)), hints).retryAt,
    ).toBeNull();
  });
});

describe('what is kept of a message', () => {
  const messageOf = (message: string): string =>
    classifyFailure(unruled, readErrorAnswer(401, JSON.stringify({ error: { message } })), hints).message;

  test.each([
    ['Incorrect API key: sk-proj-abcDEF123456', 'Incorrect API key: sk-…'],
    ['header "Authorization: Bearer abc.def-ghi" refused', 'header "Authorization: Bearer …" refused'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln expired', 'token … expired'],
    ['key 0123456789abcdef0123456789abcdef.Ab12Cd34Ef56Gh78 unknown', 'key … unknown'],
    ['you (margaret h) have reached your limit', 'you (…) have reached your limit'],
    [
      'see https://opencode.ai/workspace/wrk_01K46JDFR0E75/billing',
      'see https://opencode.ai/workspace/wrk_…/billing',
    ],
    ['Your account org-0123456789abcdef is not active', 'Your account org-… is not active'],
    ['ask ada@example.com', 'ask …@…'],
  ])('hides what is private in "%s"', (said, kept) => {
    expect(messageOf(said)).toBe(kept);
  });

  test('ordinary words stay as they are', () => {
    const said = 'The user-agent is on a risk-free plan; ask-me again (ref: 6f8b2c1e) at org-level.';
    expect(messageOf(said)).toBe(said);
  });

  test('is cut to a bounded length, and not inside a character', () => {
    const message = messageOf('😀'.repeat(FAILURE_MESSAGE_MAX_CHARS));
    expect(message.length).toBeLessThanOrEqual(FAILURE_MESSAGE_MAX_CHARS);
    expect(message).toMatch(/^(?:😀)+…$/u);
  });
});

describe('judging a verification call', () => {
  const probe = { url: 'https://example.com', auth: 'bearer' } as const;

  test('a 2xx answer without an error proves the credential', () => {
    expect(judgeProbe(unruled, probe, { status: 200, bodyText: '{"data":[]}' }, hints)).toBeNull();
  });

  test('a tolerated error proves it as well, another does not', () => {
    const bodyText = '{"type":"error","error":{"type":"EntitlementError","message":"required"}}';
    const tolerant = { ...probe, toleratedTypes: ['EntitlementError'] };
    expect(judgeProbe(unruled, tolerant, { status: 403, bodyText }, hints)).toBeNull();
    expect(judgeProbe(unruled, probe, { status: 403, bodyText }, hints)).toMatchObject({
      class: 'AUTHENTICATION',
    });
  });

  test('an objection of the offering to a good answer counts', () => {
    const offering = {
      failures: [],
      verifyAnswer: () => ({ class: 'PLAN_INACTIVE', message: 'none' }) as const,
    };
    expect(judgeProbe(offering, probe, { status: 200, bodyText: '{}' }, hints)).toEqual({
      class: 'PLAN_INACTIVE',
      message: 'none',
      httpStatus: 200,
      retryAt: null,
    });
  });
});
