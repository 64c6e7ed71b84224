/** Sends a socket's messages: those of one turn of the event loop leave together, and a peer that does not take them is waited for. */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { SOCKET_BUFFER_BYTES } from '../config/graphql-limits.js';

/** What sends a message; its promise resolves once the next one may follow. `stream` is what `socket` writes to. */
export function createOutbox(socket: WebSocket, stream: Duplex): (message: string) => Promise<void> {
  let corked = false;
  const uncork = (): void => {
    corked = false;
    stream.uncork();
  };
  return (message) => {
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    if (!corked) {
      corked = true;
      stream.cork();
      process.nextTick(uncork);
    }
    if (socket.bufferedAmount < SOCKET_BUFFER_BYTES) {
      socket.send(message);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      socket.send(message, (error) => (error ? reject(error) : resolve()));
    });
  };
}
