/** A PostgreSQL of the benchmark's own, from the newest installed version, as it is configured out of the box. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const INSTALLATIONS = '/usr/lib/postgresql';

/** Null when none is installed. */
export async function startPostgres() {
  const binaries = newest();
  if (binaries === null) return null;
  // It refuses to run as root.
  const owner = process.getuid() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-bench-postgres-'));
  if (owner.uid !== undefined) chownSync(directory, owner.uid, owner.gid);
  const data = join(directory, 'data');
  const options = { ...owner, cwd: directory, stdio: 'ignore' };
  execFileSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync'],
    options,
  );
  const port = await freePort();
  const address = ['-p', String(port), '-h', '127.0.0.1', '-c', 'unix_socket_directories='];
  const server = spawn(join(binaries, 'postgres'), ['-D', data, ...address], options);
  const urlOf = (database) => `postgresql://postgres@127.0.0.1:${port}/${database}`;
  await accepts(urlOf('postgres'));
  let made = 0;
  return {
    async createDatabase() {
      const name = `bench_${++made}`;
      const client = new pg.Client({ connectionString: urlOf('postgres') });
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return urlOf(name);
    },
    async stop() {
      server.kill('SIGQUIT');
      await once(server, 'exit');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function accepts(connectionString) {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client({ connectionString });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      if (attempt === 100) throw error;
      await pause(100);
    }
  }
}

function newest() {
  try {
    const version = readdirSync(INSTALLATIONS).sort((a, b) => b - a)[0];
    return version === undefined ? null : join(INSTALLATIONS, version, 'bin');
  } catch {
    return null;
  }
}

function idOf(kind) {
  return Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
