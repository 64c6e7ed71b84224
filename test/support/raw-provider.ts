/** A provider that answers whatever a test writes, for answers no simulated one would give. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestConnection } from './gateway.js';

export interface RawProvider extends AsyncDisposable {
  readonly url: string;
  /** Calls so far, and how many of their sockets are closed. */
  readonly calls: number;
  readonly closed: number;
  /** A connection to it that serves `zai/glm-5.1`. */
  readonly connection: TestConnection;
}

export async function startRawProvider(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<RawProvider> {
  let calls = 0;
  let closed = 0;
  const server = createServer((request, response) => {
    calls++;
    request.socket.once('close', () => closed++);
    request.on('error', () => undefined);
    request.resume().once('end', () => answer(response, request));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    get calls() {
      return calls;
    },
    get closed() {
      return closed;
    },
    connection: {
      provider: 'zai',
      offering: 'coding-plan',
      secret: 'raw-secret',
      baseUrl: url,
      models: ['glm-5.1'],
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
