/** The admin API against the audits of the GraphQL-over-HTTP specification: one test for each audit. */
import { auditServer, serverAudits, type AuditResult } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, TOKEN, type World } from '../unit/graphql/world.js';

const NO_GET =
  'operations are taken by POST alone: what a link can start, a page of another site can start for whoever follows it';
const ONE_STATUS =
  'a document that cannot run answers 400 whichever media type was asked for: scripts and proxies look at the status first';

/** Audits that are not passed, and why that is wanted. Whatever starts with MUST has no place here. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['MAY accept application/x-www-form-urlencoded formatted GET requests', NO_GET],
  [
    'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
    NO_GET,
  ],
  ['MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json', NO_GET],
  ['SHOULD use 200 status code on document parsing failure when accepting application/json', ONE_STATUS],
  ['SHOULD use 200 status code on document validation failure when accepting application/json', ONE_STATUS],
  [
    'SHOULD use a status code of 200 on variable coercion failure when accepting application/json',
    ONE_STATUS,
  ],
]);
const AUDITS = serverAudits({ url: 'http://127.0.0.1' }).map(({ name }) => name);

let world: World;
const results = new Map<string, AuditResult>();

beforeAll(async () => {
  world = await startWorld();
  const found = await auditServer({
    url: `${world.server.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${TOKEN}` } }),
  });
  for (const result of found) results.set(result.name, result);
});
afterAll(() => world.close());

describe('GraphQL over HTTP', () => {
  it.each(AUDITS.filter((name) => !EXCEPTIONS.has(name)))('%s', (name) => {
    const result = results.get(name);
    expect(result?.status === 'ok' ? 'ok' : result).toBe('ok');
  });

  it.each([...EXCEPTIONS])('%s: not done, because %s', (name) => {
    expect(name).not.toMatch(/^MUST/);
    expect(['warn', 'notice']).toContain(results.get(name)?.status);
  });
});
