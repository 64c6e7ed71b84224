// @ts-check
/**
 * The thread that runs the embedded Postgres: takes wire protocol messages, answers with wire protocol messages. Plain
 * JavaScript, because a thread is started from a file and must start the same from the sources and from the build.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

/**
 * @typedef {{ kind: 'run', bytes: Uint8Array } | { kind: 'reset' } | { kind: 'close' }} Request
 * @typedef {{ kind: 'ready' } | { kind: 'answer', bytes: Uint8Array } | { kind: 'closed' }} Reply
 */

const { directory } = /** @type {{ directory: string }} */ (workerData);
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

/** Opens the database in the directory. A new one is made aside and moved in place, so that a half-made one is never opened. */
async function open() {
  if (!existsSync(join(directory, 'PG_VERSION'))) {
    const draft = `${directory}.new`;
    await rm(draft, { recursive: true, force: true });
    await (await PGlite.create(draft)).close();
    // Replaces at most an empty directory: whatever else is there is not ours to remove.
    await rename(draft, directory);
  }
  return PGlite.create(directory);
}

/** @param {Reply} reply @param {ArrayBuffer[]} [transfer] */
const send = (reply, transfer) => port.postMessage(reply, transfer);

const database = await open();

/** @param {Uint8Array} bytes */
async function run(bytes) {
  // A copy, because the answer may be a view on memory that the next call reuses; it is given away, not copied again.
  const answer = (await database.execProtocolRaw(bytes)).slice();
  send({ kind: 'answer', bytes: answer }, [answer.buffer]);
}

/** Makes the only session look new: nothing of the connection before it remains. */
async function reset() {
  await database.exec('ROLLBACK');
  await database.exec('DISCARD ALL');
  send({ kind: 'answer', bytes: new Uint8Array(0) });
}

/** @param {Request} request */
async function handle(request) {
  switch (request.kind) {
    case 'run':
      return run(request.bytes);
    case 'reset':
      return reset();
    case 'close':
      await database.close();
      send({ kind: 'closed' });
      return port.close();
  }
}

let last = Promise.resolve();
port.on('message', (/** @type {Request} */ request) => {
  // A failure here is not an SQL error: the engine itself broke. Left unhandled it ends the thread, which is replaced.
  last = last.then(() => handle(request));
});
send({ kind: 'ready' });
