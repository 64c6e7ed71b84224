/** Servers that mean harm: what they answer stays within bounds, and where they say to go nobody goes. */
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpGet, type HttpGet } from '../../../src/upstream/http-get.js';

const MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 400;
/** What a call may take beyond the bound of its answer: buffers of sockets and of the parser. */
const HEAP_GROWTH_MAX_BYTES = 24 * 1024 * 1024;

const opened: (() => unknown)[] = [];
afterEach(() => {
  for (const close of opened.splice(0).reverse()) close();
});

/** A server that answers each connection in its own manner; counts them. */
async function serve(
  answer: (socket: Socket) => void,
): Promise<{ port: number; sockets: Set<Socket>; calls(): number }> {
  const sockets = new Set<Socket>();
  let calls = 0;
  const server: Server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    socket.once('data', () => {
      calls++;
      answer(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, sockets, calls: () => calls };
}

function client(): HttpGet {
  const http = createHttpGet({ allowPrivateUpstreams: true, userAgent: 'switchyard/test' });
  opened.push(() => http.close());
  return http;
}
const call = (port: number, http = client()) =>
  http.get({
    url: `http://127.0.0.1:${port}/models`,
    headers: { authorization: 'Bearer the-key' },
    billing: 'METERED',
    timeoutMs: TIMEOUT_MS,
    maxBytes: MAX_BYTES,
  });
/** Writes for as long as the other side takes it. */
function endlessly(socket: Socket, piece: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}
/** Writes a little now and then, so that no silence is ever long. */
function trickle(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 5);
  socket.once('close', () => clearInterval(timer));
}
const CHUNK = Buffer.concat([Buffer.from('4000\r\n'), Buffer.alloc(0x4000, 120), Buffer.from('\r\n')]);

describe('a server', () => {
  it.each<[string, (socket: Socket) => void, RegExp]>([
    [
      'with headers without end',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        endlessly(socket, Buffer.from(`x-${'a'.repeat(30)}: ${'b'.repeat(4_000)}\r\n`));
      },
      /NETWORK/,
    ],
    [
      'with one header without end',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nx-long: ');
        endlessly(socket, Buffer.alloc(4_096, 98));
      },
      /NETWORK/,
    ],
    [
      'with a body without end',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        endlessly(socket, CHUNK);
      },
      /NETWORK/,
    ],
    [
      'that promises more than it may send',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n');
        endlessly(socket, Buffer.alloc(16_384, 120));
      },
      /NETWORK/,
    ],
    [
      'whose headers trickle',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        trickle(socket, 'x: y\r\n');
      },
      /TIMEOUT|NETWORK/,
    ],
    [
      'whose body trickles',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
        trickle(socket, '1\r\nx\r\n');
      },
      /TIMEOUT/,
    ],
    ['that never says a word', () => undefined, /TIMEOUT/],
    [
      'that says it will continue, again and again',
      (socket) => endlessly(socket, Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')),
      /TIMEOUT|NETWORK/,
    ],
    ['that speaks another protocol', (socket) => socket.end('SSH-2.0-OpenSSH_9\r\n'), /NETWORK/],
    [
      'that changes the protocol',
      (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'),
      /NETWORK/,
    ],
  ])('%s is left, with what it holds', async (_name, answer, failureClass) => {
    const { port, sockets } = await serve(answer);
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;
    const result = await call(port);
    expect(result.ok === false && result.class).toMatch(failureClass);
    expect(process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed - before).toBeLessThan(
      HEAP_GROWTH_MAX_BYTES,
    );
    for (const socket of sockets) {
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
    }
  });

  it('with a body that would unpack to a thousand times its size has it taken as it came', async () => {
    const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024));
    const { port } = await serve((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    });
    const answer = await call(port);
    if (answer.ok) expect(answer.bodyText.length).toBeLessThanOrEqual(bomb.length);
    else expect(answer.class).toBe('NETWORK');
  });

  it.each([301, 302, 303, 307, 308])(
    'that redirects with %i is not followed, and learns no more',
    async (status) => {
      const elsewhere = await serve((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
      const { port } = await serve((socket) =>
        socket.end(
          `HTTP/1.1 ${status} Moved\r\nlocation: http://127.0.0.1:${elsewhere.port}/latest/meta-data\r\ncontent-length: 0\r\n\r\n`,
        ),
      );
      expect(await call(port)).toMatchObject({ ok: true, status });
      expect(elsewhere.calls()).toBe(0);
    },
  );
});
