/** What goes wrong with listening, in the operator's words, and a look for it before anything is started. */
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../config/config.js';
import { StartupError } from '../domain/errors.js';

interface Address {
  readonly host: string;
  readonly port: number;
}

export const ADMIN_ADDRESS_SETTINGS = 'ADMIN_HOST and ADMIN_PORT';
export const GATEWAY_ADDRESS_SETTINGS = 'GATEWAY_HOST and GATEWAY_PORT';

/** What a run before this one, whose supervisor was killed, may still take to let go of an address. */
const LISTEN_ATTEMPTS = 25;
const LISTEN_PAUSE_MS = 100;

/** Throws the {@link StartupError} that a listener would meet: better at once than after a database was made. */
export async function requireFreeAddresses({ roles, admin, gateway }: Config): Promise<void> {
  if (roles.control) await requireFree(admin, ADMIN_ADDRESS_SETTINGS);
  if (roles.gateway) await requireFree(gateway, GATEWAY_ADDRESS_SETTINGS);
}

/** The one line for a listener that cannot be opened; any other error as it is. */
export function listenFailure(error: unknown, settings: string): unknown {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const where = `${address ?? ''}:${port ?? ''}`;
  if (code === 'EADDRINUSE')
    return new StartupError(`${where} is in use by another program: set ${settings} to a free address.`);
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new StartupError(
      `${where} cannot be listened on (${code}): set ${settings} to an address of this machine.`,
    );
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new StartupError(
      `${settings} name a host that is unknown: set them to an address of this machine.`,
    );
  return error;
}

async function requireFree(address: Address, settings: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const error = await tryToListen(address);
    if (error === null) return;
    if (error.code !== 'EADDRINUSE' || attempt === LISTEN_ATTEMPTS) throw listenFailure(error, settings);
    await pause(LISTEN_PAUSE_MS);
  }
}

function tryToListen({ host, port }: Address): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}
