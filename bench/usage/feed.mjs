/**
 * What it costs to tell subscribers of usage, apart from recording it: stored events are announced at a pace, and the
 * processor time of the process that tells of them is measured, with everything of an event asked for and little.
 *
 * Options: --dist other builds to compare with (repeatable), --seconds N per measurement (8), --database real|embedded,
 * --only part of a measurement's name, --profile file for a processor profile of the last one.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startPostgres } from './postgres.mjs';

const { values: options } = parseArgs({
  options: {
    dist: { type: 'string', multiple: true, default: [] },
    seconds: { type: 'string', default: '8' },
    database: { type: 'string' },
    only: { type: 'string' },
    profile: { type: 'string' },
  },
});
const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const PER_SECOND = 1_000;
const seconds = Number(options.seconds);
const builds = [...options.dist.map((path) => resolve(path)), script('../../dist')];
const measurements = [
  { name: 'replay, everything', subscribers: 1, selection: 'everything', replay: true },
  { name: 'replay, scalars', subscribers: 1, selection: 'scalars', replay: true },
  { name: 'burst, everything', subscribers: 1, selection: 'everything', perSecond: 10_000 },
  { name: 'one, everything', subscribers: 1, selection: 'everything' },
  { name: 'one, scalars', subscribers: 1, selection: 'scalars' },
  { name: '200 filtered, everything', subscribers: 200, selection: 'everything' },
  { name: '200 filtered, scalars', subscribers: 200, selection: 'scalars' },
].filter(({ name }) => options.only === undefined || name.includes(options.only));

const postgres = options.database === 'embedded' ? null : await startPostgres();
try {
  for (const measurement of measurements) {
    process.stdout.write(`\n${measurement.name}\n`);
    for (const build of builds) {
      const found = await measure(build, measurement);
      const line = Object.entries(found).map(([name, value]) => `${name} ${value}`);
      process.stdout.write(`  ${build.padEnd(24)}  ${line.join('  ')}\n`);
    }
  }
} finally {
  await postgres?.stop();
}

async function measure(build, { subscribers, selection, replay = false, perSecond = PER_SECOND }) {
  const databaseUrl = (await postgres?.createDatabase()) ?? '';
  const server = fork(script('./feed-server.mjs'), [build, databaseUrl, String(PER_SECOND * seconds)]);
  const [{ url, token, first }] = await once(server, 'message');
  const after = replay ? first : '';
  const untilHeard = replay || perSecond > PER_SECOND;
  const begin = { untilHeard, perSecond: replay ? 0 : perSecond, profile: options.profile };
  if (replay) server.send(begin);
  const expected = PER_SECOND * seconds - (replay ? 1 : 0);
  const parameters = [url, token, subscribers, selection, after, expected];
  const listeners = fork(script('./feed-subscribers.mjs'), parameters.map(String));
  try {
    await once(listeners, 'message');
    if (!replay) server.send(begin);
    if (untilHeard) {
      await once(listeners, 'message');
      server.send('heard');
    }
    const { cpuMs, published } = await answer(server, 'cpuMs');
    listeners.send('stop');
    const { delays, heard, dropped, failure, heardPerSecond } = await answer(listeners, 'delays');
    if (failure) throw new Error(`a subscription ended: ${JSON.stringify(failure)}`);
    const inOrder = delays.toSorted((a, b) => a - b);
    const at = (fraction) => inOrder[Math.floor(fraction * inOrder.length)] ?? Number.NaN;
    return {
      'heard/s': Math.round(heardPerSecond),
      heard: `${heard}/${published}`,
      dropped,
      'cpu µs per event heard': Math.round((cpuMs * 1_000) / heard),
      'cpu %': Math.round(cpuMs / 10 / seconds),
      ...(!untilHeard && { 'p50 ms': at(0.5), 'p99 ms': at(0.99) }),
    };
  } finally {
    listeners.kill();
    server.kill();
    await Promise.all([once(listeners, 'exit'), once(server, 'exit')]);
  }
}

async function answer(child, key) {
  for (;;) {
    const [message] = await once(child, 'message');
    if (typeof message === 'object' && key in message) return message;
  }
}
