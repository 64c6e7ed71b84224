/**
 * How commands reach the running service: a Unix socket under the data directory, for its owner only. One call a connection:
 * a line of JSON goes in, lines of progress and a last line with the answer come out.
 */
import { lstat, rename, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ResealProgress } from '../../admin/secrets/reseal.js';
import { COMMAND_ANSWER_MAX_BYTES, COMMAND_REQUEST_MAX_BYTES } from '../../config/limits.js';
import { StartupError } from '../../domain/errors.js';
import type { Logger } from '../../observability/logger.js';
import {
  readCall,
  type OperationAnswer,
  type OperationCall,
  type OperationName,
  type RunOperation,
} from './operations.js';

/** What the address of a Unix socket holds on every system. */
const PATH_MAX_BYTES = 103;
/** Nobody but the owner may read, write or search. */
const PRIVATE_UMASK = 0o177;

/** One line of what comes back; all but progress end it. */
type Line<Answer> =
  | { readonly kind: 'progress'; readonly progress: ResealProgress }
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** A sentence for the operator. */
  | { readonly kind: 'refusal'; readonly message: string };

export interface CommandChannel {
  close(): Promise<void>;
}

export interface CommandChannelOptions {
  readonly path: string;
  readonly run: RunOperation;
  readonly logger: Logger;
}

/** Where the service of a data directory listens for commands. */
export function commandSocketPath(dataDir: string): string {
  return join(dataDir, 'control.sock');
}

/** Starts listening, in the place of whoever did so before and died. */
export async function openCommandChannel({
  path,
  run,
  logger,
}: CommandChannelOptions): Promise<CommandChannel> {
  // Made under a name of its own: a socket removes its name when it closes, and that must not be its successor's.
  const ownPath = `${path}.${process.pid}`;
  if (Buffer.byteLength(ownPath) > PATH_MAX_BYTES) {
    logger.warn({ path }, 'DATA_DIR has too long a path for a socket: commands cannot reach this service');
    return { close: async () => undefined };
  }
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    socket.on('error', (error) => logger.debug({ err: error }, 'a command went away'));
    void serve(socket, run, logger);
  });
  await unlink(ownPath).catch(() => undefined);
  await listenPrivately(server, ownPath);
  const own = await lstat(ownPath);
  await rename(ownPath, path);
  return {
    async close() {
      const there = await lstat(path).catch(() => null);
      if (there?.ino === own.ino) await unlink(path).catch(() => undefined);
      await new Promise((resolve) => {
        server.close(resolve);
        // Not waited for: whatever a command does can be done again.
        for (const socket of connections) socket.destroy();
      });
    },
  };
}

/** Does an operation in the running service; null when none is listening. */
export async function callService<K extends OperationName>(
  path: string,
  { name, input, userName, onProgress }: OperationCall<K>,
): Promise<{ readonly answer: OperationAnswer<K> } | null> {
  const socket = await connect(path);
  if (socket === null) return null;
  try {
    socket.write(`${JSON.stringify({ name, input, userName })}\n`);
    for await (const text of linesOf(socket, COMMAND_ANSWER_MAX_BYTES)) {
      const line = JSON.parse(text) as Line<OperationAnswer<K>>;
      if (line.kind === 'answer') return { answer: line.answer };
      if (line.kind === 'refusal') throw new StartupError(line.message);
      onProgress(line.progress);
    }
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError('The connection to the running service broke: try again.', { cause: error });
  } finally {
    socket.destroy();
  }
  throw new StartupError('The running service stopped before it answered: try again.');
}

async function serve(socket: Socket, run: RunOperation, logger: Logger): Promise<void> {
  const write = (line: Line<unknown>): void => {
    if (socket.writable) socket.write(`${JSON.stringify(line)}\n`);
  };
  try {
    // Not a loop: leaving one would end the socket before the answer is out.
    const request = await linesOf(socket, COMMAND_REQUEST_MAX_BYTES).next();
    if (request.done === true) return;
    write(await answer(request.value, run, (progress) => write({ kind: 'progress', progress })));
  } catch (error) {
    if (!(error instanceof StartupError)) logger.error({ err: error }, 'a command failed');
    const message =
      error instanceof StartupError
        ? error.message
        : 'The running service could not do this; its log says why.';
    write({ kind: 'refusal', message });
  }
  socket.end();
}

async function answer(
  text: string,
  run: RunOperation,
  onProgress: (progress: ResealProgress) => void,
): Promise<Line<unknown>> {
  const call = readCall(text);
  if (call !== null) return { kind: 'answer', answer: await run({ ...call, onProgress }) };
  return {
    kind: 'refusal',
    message: 'The running service is of another version and does not know this command: restart it first.',
  };
}

/** The mask counts when the socket is bound, which is before `listen` returns. */
function listenPrivately(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(PRIVATE_UMASK);
    try {
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

/** Null when nobody listens there. */
function connect(path: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    if (Buffer.byteLength(path) > PATH_MAX_BYTES) {
      resolve(null);
      return;
    }
    const socket = createConnection(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null);
      else if (error.code === 'EACCES' || error.code === 'EPERM') {
        reject(
          new StartupError(`${path} belongs to another user: run this command as the user of the service.`),
        );
      } else reject(error);
    });
  });
}

/** The lines of a stream, none of them longer than `maxBytes`. */
async function* linesOf(socket: Socket, maxBytes: number): AsyncGenerator<string> {
  let rest = '';
  socket.setEncoding('utf8');
  for await (const chunk of socket) {
    rest += String(chunk);
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 1);
    }
    if (rest.length > maxBytes) throw new Error('a line without an end');
  }
}
