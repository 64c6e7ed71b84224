/**
 * What each JOURNAL_FSYNC costs one gateway process, and what a host that crashes then takes with it at worst: requests
 * written as fast as it can, with the three records each has. Needs a build (`npm run build`).
 *
 * Options: --seconds N (3), --rounds N (2), --directory PATH (the working directory: a tmpfs would measure nothing).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemClock as clock } from '../../dist/src/domain/clock.js';
import { newId } from '../../dist/src/domain/ids.js';
import { systemFiles } from '../../dist/src/journal/files.js';
import { createJournalWriter } from '../../dist/src/journal/writer.js';
import { createLogger } from '../../dist/src/observability/logger.js';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    directory: { type: 'string', default: '.' },
  },
});
const seconds = Number(options.seconds);
/** Requests that end within one turn of the event loop. */
const PER_TURN = 50;

const attempt = {
  modelRef: 'zai/glm-5.1',
  provider: 'zai',
  offering: 'zai/coding-plan',
  connectionId: newId('connection', 0),
  billing: 'SUBSCRIPTION',
  price: {
    id: newId('price', 0),
    input: '1000000000',
    output: '3200000000',
    cacheRead: '200000000',
    cacheWrite: null,
  },
  failure: null,
  tokens: { input: 1_200, cacheRead: 300, cacheWrite: 0, output: 420, reasoning: null },
  tokenSource: 'REPORTED',
  durationMs: 400,
};

for (let round = 0; round < Number(options.rounds); round++) {
  for (const fsync of ['off', 'interval', 'each']) await measure(fsync);
}

async function measure(fsync) {
  const directory = mkdtempSync(join(options.directory, '.bench-fsync-'));
  const logger = createLogger({ level: 'error', role: 'bench' });
  const disk = watchedDisk();
  const { files } = disk;
  const writer = createJournalWriter({ directory: join(directory, 'journal'), clock, logger, fsync, files });
  const delays = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    for (let i = 0; i < PER_TURN && performance.now() < end; i++) {
      delays.push(writeRequest(writer));
      disk.look();
    }
    await nextTurn();
  }
  delays.sort((a, b) => a - b);
  const at = (part) => `${(delays[Math.floor(delays.length * part)] * 1_000).toFixed(0)} µs`;
  console.log(
    `${fsync.padEnd(8)} ${Math.round(delays.length / seconds)} requests/s, end of a request p50 ${at(0.5)}, p99 ${at(0.99)}, ` +
      `${Math.round(writer.stats().bytes / delays.length)} bytes each; not yet on the disk at the end of a request: ` +
      `${Math.round(disk.mostBytes / (writer.stats().bytes / delays.length))} requests, ${disk.longestMs.toFixed(0)} ms at most`,
  );
  writer.close();
  rmSync(directory, { recursive: true });
}

/** The disk, and what of the writes to it was not confirmed when one looked. */
function watchedDisk() {
  /** By file, oldest first. */
  const unsafe = new Map();
  let bytes = 0;
  const confirm = (fd, count) => {
    for (const write of unsafe.get(fd)?.splice(0, count) ?? []) bytes -= write.bytes;
  };
  const disk = {
    mostBytes: 0,
    longestMs: 0,
    look() {
      disk.mostBytes = Math.max(disk.mostBytes, bytes);
      const now = performance.now();
      for (const [first] of unsafe.values())
        if (first) disk.longestMs = Math.max(disk.longestMs, now - first.at);
    },
    files: {
      ...systemFiles,
      write(fd, buffer, position) {
        const written = systemFiles.write(fd, buffer, position);
        if (!unsafe.has(fd)) unsafe.set(fd, []);
        unsafe.get(fd).push({ bytes: written, at: performance.now() });
        bytes += written;
        return written;
      },
      async sync(fd) {
        const count = unsafe.get(fd)?.length ?? 0;
        await systemFiles.sync(fd);
        confirm(fd, count);
      },
      syncNow(fd) {
        systemFiles.syncNow(fd);
        confirm(fd, Infinity);
      },
    },
  };
  return disk;
}

/** Milliseconds that the end of a request waits for the journal. */
function writeRequest(writer) {
  const request = {
    id: newId('event', clock.now()),
    workspaceId: newId('workspace', 0),
    requestId: newId('request', 0),
    accessKeyId: newId('accessKey', 0),
    requestedModel: attempt.modelRef,
    protocol: 'OPENAI_CHAT',
    streamed: true,
    tierId: null,
    tierSlug: null,
    reason: 'named',
  };
  const attempts = [attempt];
  writer.append({ kind: 'begin', request });
  writer.append({ kind: 'progress', id: request.id, attempts, firstTokenMs: null });
  const from = performance.now();
  const outcome = {
    occurredAt: clock.now(),
    durationMs: 400,
    firstTokenMs: 100,
    status: 'OK',
    failure: null,
  };
  writer.append({ kind: 'end', request, ...outcome, attempts });
  writer.flush();
  return performance.now() - from;
}
