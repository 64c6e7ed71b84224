/** The admin API over a world in memory, with raw websockets to it. All of it is closed after each test of the file. */
import { afterEach, expect } from 'vitest';
import { startWorld, TOKEN, type World } from '../unit/graphql/world.js';
import { openSocket, type RawSocket, type RawSocketOptions } from './socket.js';

export interface SocketWorld {
  readonly world: World;
  /** Opens a socket and says nothing on it. */
  dial(options?: RawSocketOptions): Promise<RawSocket>;
  /** Opens a socket and signs in. */
  signedIn(token?: string): Promise<RawSocket>;
  /** Closes the world before its test ends. */
  close(): Promise<void>;
}

const open = new Set<{ readonly world: World; readonly sockets: RawSocket[] }>();
afterEach(async () => {
  for (const { world, sockets } of open) {
    world.signInHeld = null;
    for (const { socket } of sockets) socket.terminate();
    await world.close();
  }
  open.clear();
});

export async function startSocketWorld(options?: Parameters<typeof startWorld>[0]): Promise<SocketWorld> {
  const world = await startWorld(options);
  const sockets: RawSocket[] = [];
  const own = { world, sockets };
  open.add(own);
  const dial = async (socketOptions?: RawSocketOptions): Promise<RawSocket> => {
    const socket = await openSocket(world.server.url, socketOptions);
    sockets.push(socket);
    return socket;
  };
  const signedIn = async (token = TOKEN): Promise<RawSocket> => {
    const socket = await dial();
    expect((await socket.init(token)).type).toBe('connection_ack');
    return socket;
  };
  const close = (): Promise<void> => {
    open.delete(own);
    return world.close();
  };
  return { world, dial, signedIn, close };
}
