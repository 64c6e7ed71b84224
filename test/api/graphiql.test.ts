/** The page at `GET /graphql` in a real browser: signs in, runs a query and a subscription, asks nothing of the network. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connection, startWorld, TOKEN, type World } from '../unit/graphql/world.js';

const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

describe.skipIf(BROWSER === undefined)('the page to try the API on', () => {
  let world: World;
  let browser: Browser;
  let page: Page;
  const foreign: string[] = [];
  const violations: string[] = [];

  beforeAll(async () => {
    world = await startWorld();
    world.connections.set('conn_1', connection('conn_1', { label: 'solo' }));
    browser = await chromium.launch({ executablePath: BROWSER ?? '', args: ['--no-sandbox'] });
    page = await browser.newPage();
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(world.server.url) && !/^(blob|data):/.test(url)) foreign.push(url);
    });
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) violations.push(message.text());
    });
    await page.goto(`${world.server.url}/graphql`);
    await page.getByRole('button', { name: 'Headers' }).click();
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  const editor = {
    query: '.graphiql-query-editor .monaco-editor',
    headers: '.graphiql-editor-tool .monaco-editor >> nth=1',
  };
  /** Replaces an editor's text; closing brackets are the editor's own doing. */
  const type = async (selector: string, text: string): Promise<void> => {
    await page.locator(selector).first().click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(text);
  };
  const run = async (query: string): Promise<void> => {
    await type(editor.query, query);
    await expect.poll(() => page.locator(editor.query).first().innerText()).toContain(query.split(' ')[0]);
    await page.keyboard.press('ControlOrMeta+Enter');
  };
  const result = () => page.locator('.result-window').innerText();
  const within = { timeout: 15_000 };

  it('runs a query with the token typed into its headers', async () => {
    await type(editor.headers, `{"authorization": "Bearer ${TOKEN}`);
    await expect.poll(() => page.locator(editor.headers).innerText(), within).toContain('sya_');
    await run('query { viewer { name } }');
    await expect.poll(result, within).toContain('"owner"');
  });

  it('runs a subscription with the same token, and stops it', async () => {
    await run('subscription { connectionHealth { connection { label } health { state } } }');
    await expect.poll(result, within).toContain('"solo"');
    world.setHealth('conn_1', { state: 'UNHEALTHY' });
    await expect.poll(result, within).toContain('"UNHEALTHY"');
    await page.locator('.graphiql-execute-button').click();
    await expect.poll(() => world.server.live.subscribers, within).toBe(0);
  });

  it('loads nothing from elsewhere and keeps to its own policy', () => {
    expect([foreign, violations]).toEqual([[], []]);
  });
});
