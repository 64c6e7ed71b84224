/** What an open stream costs: not its request, which may be megabytes and is of no more use once the answer has begun. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { startTestGateway } from '../support/gateway.js';
import { startRawProvider } from '../support/raw-provider.js';
import { until } from '../support/wait.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const STREAMS = 10;
const PAYLOAD = Buffer.from(
  JSON.stringify({
    model: 'zai/glm-5.1',
    stream: true,
    max_tokens: 5,
    messages: [{ role: 'user', content: 'x'.repeat(4_000_000) }],
  }),
);
const FIRST = 'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n';

function held(): number {
  collect();
  const { external, heapUsed } = process.memoryUsage();
  return external + heapUsed;
}

for (const path of ['/v1/chat/completions', '/v1/messages']) {
  it(`lets go of the request while its answer streams: ${path}`, async () => {
    await using provider = await startRawProvider((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(FIRST);
    });
    await using gateway = await startTestGateway({
      connections: [{ ...provider.connection, formats: ['OPENAI_CHAT'] }],
    });
    const sockets: Socket[] = [];
    const open = async (): Promise<void> => {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      sockets.push(socket);
      const head = [`POST ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${gateway.key}`];
      socket.write([...head, `content-length: ${PAYLOAD.length}`, '', ''].join('\r\n'));
      socket.write(PAYLOAD);
      await once(socket, 'data');
    };
    // The first one loads what later ones share.
    await open();
    const before = held();
    for (let i = 0; i < STREAMS; i++) await open();
    // Buffers are freed some time after they are found to be garbage.
    await until('the requests are let go of', () => held() - before < PAYLOAD.length * 2);
    expect(provider.closed).toBe(0);
    for (const socket of sockets) socket.destroy();
  });
}
