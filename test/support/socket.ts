/** A bare graphql-transport-ws peer: queues every message from the start and keeps how the socket ended. */
import { WebSocket } from 'ws';

export interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: any;
}

export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

export interface RawSocket {
  readonly socket: WebSocket;
  send(message: Message | string): void;
  /** The next message not yet taken; fails when none comes in time or the socket ends. */
  next(): Promise<Message>;
  /** Messages that came and were not taken. */
  pending(): readonly Message[];
  /** Every frame received so far, as text. */
  transcript(): string;
  readonly ended: Promise<SocketEnd>;
  /** Signs in and answers the acknowledgement. */
  init(token: string | null): Promise<Message>;
}

const DEADLINE_MS = 5_000;

export interface RawSocketOptions {
  readonly protocols?: string | string[];
  readonly headers?: Record<string, string>;
  readonly path?: string;
  readonly autoPong?: boolean;
}

/** Resolves when the socket is open; rejects with the refusal's message when it never opens. */
export async function openSocket(url: string, options: RawSocketOptions = {}): Promise<RawSocket> {
  const { protocols = 'graphql-transport-ws', headers = {}, path = '/graphql', autoPong = true } = options;
  const socket = new WebSocket(url.replace(/^http/, 'ws') + path, protocols, { headers, autoPong });
  const queue: Message[] = [];
  const frames: string[] = [];
  let wake: (() => void) | null = null;
  let end: SocketEnd | null = null;
  const ended = new Promise<SocketEnd>((resolve) => {
    socket.once('close', (code, reason) => {
      end = { code, reason: reason.toString() };
      wake?.();
      resolve(end);
    });
  });
  socket.on('message', (data: Buffer) => {
    frames.push(data.toString());
    queue.push(JSON.parse(data.toString()) as Message);
    wake?.();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);

  const raw: RawSocket = {
    socket,
    ended,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next() {
      const deadline = Date.now() + DEADLINE_MS;
      for (;;) {
        const message = queue.shift();
        if (message) return message;
        if (end) throw new Error(`the socket ended with ${end.code} ${end.reason}`);
        if (Date.now() >= deadline) throw new Error('no message came in time');
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, deadline - Date.now());
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
    pending: () => [...queue],
    transcript: () => frames.join('\n'),
    async init(token) {
      raw.send({
        type: 'connection_init',
        ...(token !== null && { payload: { authorization: `Bearer ${token}` } }),
      });
      return raw.next();
    },
  };
  return raw;
}
