import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpGet, type HttpGet, type HttpGetRequest } from '../../../src/upstream/http-get.js';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((thing) => thing.close()));
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return (server.address() as AddressInfo).port;
}

function client(allowPrivateUpstreams: boolean): HttpGet {
  const http = createHttpGet({ allowPrivateUpstreams, userAgent: 'switchyard/test' });
  opened.push(http);
  return http;
}

const wanted = (url: string, more: Partial<HttpGetRequest> = {}): HttpGetRequest => ({
  url,
  headers: {},
  billing: 'METERED',
  timeoutMs: 5_000,
  maxBytes: 1_000,
  ...more,
});

describe('a GET', () => {
  it('sends its headers and answers status, headers and text', async () => {
    const port = await serve(({ headers }, response) => {
      response.writeHead(418, { 'retry-after': '7' }).end(`${headers['user-agent']} ${headers['x-api-key']}`);
    });
    const answer = await client(true).get(
      wanted(`http://127.0.0.1:${port}/`, { headers: { 'x-api-key': 'k' } }),
    );
    expect(answer).toMatchObject({
      ok: true,
      status: 418,
      headers: { 'retry-after': '7' },
      bodyText: 'switchyard/test k',
    });
  });

  it('follows no redirect', async () => {
    const port = await serve((_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    expect(await client(true).get(wanted(`http://127.0.0.1:${port}/`))).toMatchObject({
      ok: true,
      status: 302,
    });
  });

  it('gives up on a body that is too long, on silence, and on being cancelled', async () => {
    const port = await serve(({ url }, response) => {
      if (url === '/long') response.end('x'.repeat(2_000));
      else response.write('half');
    });
    const http = client(true);
    const origin = `http://127.0.0.1:${port}`;
    expect(await http.get(wanted(`${origin}/long`))).toMatchObject({ ok: false, class: 'NETWORK' });
    expect(await http.get(wanted(`${origin}/slow`, { timeoutMs: 50 }))).toMatchObject({
      ok: false,
      class: 'TIMEOUT',
    });
    const signal = AbortSignal.abort();
    expect(await http.get(wanted(`${origin}/slow`, { signal }))).toMatchObject({
      ok: false,
      class: 'CANCELLED',
    });
  });

  it('says what is wrong in words when nothing listens', async () => {
    const port = await serve(() => undefined);
    await Promise.all(opened.splice(0).map((thing) => thing.close()));
    expect(await client(true).get(wanted(`http://127.0.0.1:${port}/models`))).toEqual({
      ok: false,
      class: 'NETWORK',
      message: `http://127.0.0.1:${port} could not be read: nothing listens there.`,
    });
  });

  it.each(['127.0.0.1', '[::ffff:127.0.0.1]', 'localhost'])(
    'never reaches %s unless that is allowed',
    async (host) => {
      let calls = 0;
      const port = await serve((_, response) => {
        calls += 1;
        response.end();
      });
      const refused = await client(false).get(wanted(`http://${host}:${port}/`));
      expect(refused).toMatchObject({
        ok: false,
        class: 'NETWORK',
        message: expect.stringContaining('private'),
      });
      expect(calls).toBe(0);
    },
  );

  it('reaches loopback for a local server', async () => {
    const port = await serve((_, response) => response.end('hello'));
    const answer = await client(false).get(wanted(`http://127.0.0.1:${port}/`, { billing: 'LOCAL' }));
    expect(answer).toMatchObject({ ok: true, bodyText: 'hello' });
  });
});
