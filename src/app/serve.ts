/** `serve`: the supervisor in the foreground, with the lines a newcomer needs. */
import { mkdir } from 'node:fs/promises';
import { readConfig, type Config } from '../config/config.js';
import { createLogger } from '../observability/logger.js';
import { lockDirectory } from '../persistence/directory-lock.js';
import { checkSnapshot, establishIdentity } from './identity.js';
import { startSupervisor, type Supervisor } from './supervisor.js';
import { welcome } from './welcome.js';

export async function serve(program: string): Promise<void> {
  const config = readConfig();
  const logger = createLogger({ level: config.logLevel, role: 'supervisor' });
  const identity = await establishIdentity(config);
  // The embedded database has a lock of its own; this one is for what every installation has, the journal.
  await mkdir(identity.journalDir, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(identity.journalDir);
  const canServeAlone = await checkSnapshot(identity);
  const starting = startSupervisor({ config, logger, program, canServeAlone });
  stopOnSignals(starting, () => lock.release());
  const supervisor = await starting;
  process.stdout.write(
    welcome({
      ...addressesOf(config, supervisor),
      adminToken: identity.adminTokenIsNew ? identity.adminToken : null,
    }),
  );
}

/** Where the two listeners are reached. */
export function addressesOf(
  config: Config,
  supervisor: Supervisor,
): { adminUrl: string | null; gatewayUrl: string | null } {
  const url = (host: string, port: number | null): string | null =>
    port === null ? null : `http://${reachable(host)}:${port}`;
  return {
    adminUrl: url(config.admin.host, supervisor.adminPort),
    gatewayUrl: url(config.gateway.host, supervisor.gatewayPort),
  };
}

/** Drains on the first signal, also on one that comes while starting; a second one ends at once. */
export function stopOnSignals(starting: Promise<Supervisor>, release: () => Promise<void>): void {
  let stopping = false;
  const onSignal = (): void => {
    if (stopping) process.exit(130);
    stopping = true;
    void starting
      .then(
        (supervisor) => supervisor.stop(),
        // A start that fails meanwhile says so itself.
        () => undefined,
      )
      .then(release)
      .then(() => process.exit(0));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** An address to connect to, for one that is listened on. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
