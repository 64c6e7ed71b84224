import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHIPPED_CATALOG } from '../../../src/discovery/catalog/catalog.js';
import {
  compileCatalog,
  formatCatalogFile,
  readCatalogFile,
} from '../../../src/discovery/catalog/compile.js';
import { openCatalog, type RenewedCatalog } from '../../../src/discovery/catalog/renewed-catalog.js';
import type { Clock } from '../../../src/domain/clock.js';
import { createHttpGet, type HttpGet } from '../../../src/upstream/http-get.js';
import { makeTempDir } from '../../support/temp-dir.js';
import { until } from '../../support/wait.js';

const TODAY = '2026-11-22';
const clock: Clock = { now: () => Date.parse(`${TODAY}T12:00:00Z`), monotonic: () => performance.now() };
const offering = { catalog: { facts: ['zai'], prices: ['zai'] } };

let directory: Awaited<ReturnType<typeof makeTempDir>>;
let server: Server;
let http: HttpGet;
let warnings: string[];
let asked: number;
let answer: { status: number; body: string };
let open: RenewedCatalog[];

beforeEach(async () => {
  directory = await makeTempDir();
  http = createHttpGet({ allowPrivateUpstreams: true, userAgent: 'switchyard-test' });
  [warnings, open, asked] = [[], [], 0];
  answer = { status: 200, body: JSON.stringify(source()) };
  server = createServer((_, response) => {
    asked++;
    response.writeHead(answer.status).end(answer.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  for (const catalog of open) await catalog.close();
  await http.close();
  server.close();
  await directory[Symbol.asyncDispose]();
});

/** A document of models.dev's shape: what is known already, and one model more. */
function source(price = 7): Record<string, unknown> {
  const providers = Object.entries(SHIPPED_CATALOG.providers).map(([id, models]) => [
    id,
    {
      id,
      models: Object.fromEntries(
        Object.entries(models).map(([model, { name, context, output }]) => [
          model,
          { id: model, name, limit: { context: context ?? 0, output: output ?? 0 } },
        ]),
      ),
    },
  ]);
  const made = Object.fromEntries(providers) as Record<string, { models: Record<string, unknown> }>;
  const models = made['zai']?.models ?? {};
  models['glm-9'] = {
    id: 'glm-9',
    name: 'GLM-9',
    tool_call: true,
    limit: { context: 9_000, output: 900 },
    modalities: { input: ['text', 'image'], output: ['text'] },
    cost: { input: price, output: 8, cache_read: 0.5 },
  };
  models['broken'] = { id: 'broken', name: 7 };
  delete models['glm-4.7'];
  return made;
}

const file = (): string => join(directory.path, 'catalog.json');

async function openTest(daily = false): Promise<RenewedCatalog> {
  const { port } = server.address() as AddressInfo;
  const catalog = await openCatalog({
    path: file(),
    http,
    clock,
    logger: pino({ level: 'warn' }, { write: (line) => void warnings.push(line) }),
    daily,
    url: `http://127.0.0.1:${port}/api.json`,
  });
  open.push(catalog);
  return catalog;
}

describe('a renewed catalogue', () => {
  it('knows what models.dev knows now, and still what only the shipped one does', async () => {
    const catalog = await openTest();
    expect(catalog.factsFor(offering, 'glm-9')).toBeNull();
    expect(await catalog.refresh()).toBe(true);
    expect(catalog.asOf()).toBe(TODAY);
    expect(catalog.factsFor(offering, 'glm-9')).toMatchObject({
      displayName: 'GLM-9',
      contextWindow: 9_000,
      maxOutputTokens: 900,
      capabilities: ['STREAMING', 'TOOLS', 'VISION', 'PROMPT_CACHING'],
      prices: { input: 7_000_000_000n, cacheRead: 500_000_000n },
      asOf: TODAY,
    });
    expect(catalog.factsFor(offering, 'glm-4.7')).toMatchObject({ asOf: SHIPPED_CATALOG.asOf });
    expect(catalog.factsFor(offering, 'broken')).toBeNull();
  });

  it('is kept, and in use again after a restart without asking', async () => {
    expect(await (await openTest()).refresh()).toBe(true);
    const again = await openTest();
    expect(again.asOf()).toBe(TODAY);
    expect(again.factsFor(offering, 'glm-9')).not.toBeNull();
    expect(asked).toBe(1);
  });

  it('is asked for at the start when wanted daily, and not twice a day', async () => {
    const catalog = await openTest(true);
    await until('the first copy', () => catalog.factsFor(offering, 'glm-9'));
    await catalog.close();
    await openTest(true);
    expect(asked).toBe(1);
  });

  it.each([
    ['a server in trouble', 500, '{}'],
    ['a page', 200, '<html>hello</html>'],
    ['another shape', 200, '[{"id":"zai"}]'],
    ['a document that lost most of it', 200, JSON.stringify({ zai: { models: {} } })],
  ])('stays what it was after %s, and says so once', async (_, status, body) => {
    const catalog = await openTest();
    await catalog.refresh();
    const kept = await readFile(file(), 'utf8');
    answer = { status, body };
    expect(await catalog.refresh()).toBe(false);
    expect(await catalog.refresh()).toBe(false);
    expect(catalog.factsFor(offering, 'glm-9')).not.toBeNull();
    expect(await readFile(file(), 'utf8')).toBe(kept);
    expect(warnings).toHaveLength(1);
    answer = { status: 200, body: JSON.stringify(source(3)) };
    expect(await catalog.refresh()).toBe(true);
    expect(catalog.factsFor(offering, 'glm-9')?.prices?.input).toBe(3_000_000_000n);
  });

  it.each([
    ['damaged', 'not json'],
    [
      'older than the shipped one',
      formatCatalogFile({ ...SHIPPED_CATALOG, asOf: '2020-01-01', providers: {} }),
    ],
  ])('that is %s gives way to the shipped one', async (_, text) => {
    await writeFile(file(), text);
    const catalog = await openTest();
    expect(catalog.asOf()).toBe(SHIPPED_CATALOG.asOf);
    expect(catalog.factsFor(offering, 'glm-5.1')).not.toBeNull();
  });
});

it('the compact form survives being written and read, and the shipped file is written so', () => {
  const compiled = compileCatalog(source(), TODAY);
  expect(compiled).not.toBeNull();
  if (compiled) expect(readCatalogFile(formatCatalogFile(compiled))).toEqual(compiled);
  expect(readCatalogFile(formatCatalogFile(SHIPPED_CATALOG))).toEqual(SHIPPED_CATALOG);
});
