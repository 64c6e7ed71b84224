/** Every refusal known of a provider, in its own words: what it is, whom it concerns, and until when it says it lasts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FailureClass, FailureScope } from '../../../src/domain/vocabulary.js';
import type { OfferingDefinition } from '../../../src/providers/define-provider.js';
import { classifyFailure, isErrorBody, readErrorAnswer } from '../../../src/providers/failure.js';
import { findOffering, findProvider } from '../../../src/providers/registry.js';
import { scopeOf } from '../../../src/routing/walls.js';

interface Wall {
  readonly wall: string;
  readonly provider: string;
  readonly offering: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** When it is met; the start of August 2026 when left out. */
  readonly now?: string;
  readonly body: unknown;
  readonly class: FailureClass;
  readonly scope: FailureScope;
  /** What the provider says; null when it says nothing that can be true. */
  readonly until: string | null;
}

const FILE = new URL('../../fixtures/walls.json', import.meta.url);
const WALLS = JSON.parse(readFileSync(FILE, 'utf8')) as readonly Wall[];

function offeringOf({ provider, offering }: Wall): OfferingDefinition {
  const known = findProvider(provider);
  const found = known && findOffering(known, offering);
  if (!found) throw new Error(`no offering ${provider}/${offering}`);
  return found;
}

describe.each(WALLS)('$provider/$offering, $wall, with $status', (wall) => {
  const text = typeof wall.body === 'string' ? wall.body : JSON.stringify(wall.body);
  const failure = classifyFailure(offeringOf(wall), readErrorAnswer(wall.status, text), {
    retryAfter: wall.headers?.['retry-after'] ?? null,
    now: Date.parse(wall.now ?? '2026-08-01T00:00:00Z'),
  });

  it(`is ${wall.class} of the ${wall.scope.toLowerCase()}, until ${wall.until ?? 'nobody knows when'}`, () => {
    const until = failure.retryAt === null ? null : new Date(failure.retryAt).toISOString();
    expect([failure.class, scopeOf(failure), until]).toEqual([wall.class, wall.scope, wall.until]);
  });
});

it.each(WALLS.filter(({ status }) => status < 300))(
  '$provider/$offering, $wall, is told from an answer although its status is $status',
  ({ body }) => {
    expect(isErrorBody(body)).toBe(true);
  },
);
