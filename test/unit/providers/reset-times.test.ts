/** When a plan's wall ends, read from its own words. */
import { expect, test } from 'vitest';
import { classifyFailure, readErrorAnswer } from '../../../src/providers/failure.js';
import { findOffering, findProvider } from '../../../src/providers/registry.js';

function retryAt(slug: string, code: string, body: object, now: string): string | null {
  const provider = findProvider(slug);
  const offering = provider && findOffering(provider, code);
  if (!offering) throw new Error(`no offering ${slug}/${code}`);
  const answer = readErrorAnswer(429, JSON.stringify(body));
  const failure = classifyFailure(offering, answer, { retryAfter: null, now: Date.parse(now) });
  expect(failure.class).toBe('QUOTA_EXHAUSTED');
  return failure.retryAt === null ? null : new Date(failure.retryAt).toISOString();
}

const ark = (window: string, until: string): object => ({
  error: {
    code: 'AccountQuotaExceeded',
    message: `You have exceeded the ${window} usage quota. It will reset at ${until}.`,
    type: 'TooManyRequests',
  },
});
const tokenPlan = (until: string): object => ({
  code: 'Throttling.AllocationQuota',
  message: `Your token-plan 1-week quota has been exhausted. The quota will reset at ${until} UTC.`,
  request_id: '1',
});

test.each(['volcengine', 'byteplus'])('%s says it with its offset', (slug) => {
  const at = retryAt(
    slug,
    'coding-plan',
    ark('monthly', '2026-08-03 23:59:59 +0800 CST'),
    '2026-08-01T00:00:00Z',
  );
  expect(at).toBe('2026-08-03T15:59:59.000Z');
});

test.each([
  ['2026-08-12T08:00:00Z', '08-18 10:07:00', '2026-08-18T10:07:00.000Z'],
  ['2026-12-30T08:00:00Z', '01-02 10:07:00', '2027-01-02T10:07:00.000Z'],
  // Too far off to be true of a week: the time has just passed, and nothing is said.
  ['2026-08-18T10:07:01Z', '08-18 10:07:00', null],
])('the Token Plan leaves out the year: at %s, %s is %s', (now, until, expected) => {
  expect(retryAt('alibaba', 'token-plan', tokenPlan(until), now)).toBe(expected);
});

test('a wall that does not say when it ends has no time made up for it', () => {
  const body = { error: { message: 'hour allocated quota exceeded.', code: 'insufficient_quota' } };
  expect(retryAt('alibaba', 'coding-plan', body, '2026-08-12T08:00:00Z')).toBeNull();
});
