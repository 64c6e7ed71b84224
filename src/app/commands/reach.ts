/** Where a command does its work: in the running service of this data directory, else on the database itself. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '../../config/config.js';
import { COMMAND_REACH_TIMEOUT_MS } from '../../config/limits.js';
import { systemClock } from '../../domain/clock.js';
import { StartupError } from '../../domain/errors.js';
import { createBus } from '../../live/bus.js';
import { createLogger } from '../../observability/logger.js';
import { openDatabase } from '../../persistence/database.js';
import { openExistingVault } from '../identity.js';
import { callService, commandSocketPath } from './channel.js';
import {
  createOperations,
  type OperationAnswer,
  type OperationCall,
  type OperationName,
} from './operations.js';

const PAUSE_MS = 100;

/**
 * The service first, because it knows its own key and notices at once. Without one here, a shared database is worked on
 * beside the services elsewhere, which see what changed within a second; the embedded one is opened, for nobody has it.
 */
export async function runOperation<K extends OperationName>(
  config: Config,
  call: OperationCall<K>,
): Promise<OperationAnswer<K>> {
  const deadline = systemClock.monotonic() + COMMAND_REACH_TIMEOUT_MS;
  for (;;) {
    const done = await callService(commandSocketPath(config.dataDir), call);
    if (done !== null) return done.answer;
    try {
      return await runHere(config, call);
    } catch (error) {
      // A service that is just starting, or another command, holds the embedded database for a moment.
      const held = error instanceof StartupError && error.mayPass && config.databaseUrl === null;
      if (!held || systemClock.monotonic() > deadline) throw error;
    }
    await pause(PAUSE_MS);
  }
}

async function runHere<K extends OperationName>(
  config: Config,
  call: OperationCall<K>,
): Promise<OperationAnswer<K>> {
  const logger = createLogger({ level: config.logLevel, role: 'command' });
  const clock = systemClock;
  const { databaseUrl, dataDir } = config;
  const database = await openDatabase({ databaseUrl, dataDir, logger, clock });
  try {
    const run = createOperations({
      database,
      clock,
      bus: createBus(logger),
      vault: () => openExistingVault(config),
      // Gateways elsewhere see it with the next look of their own nodes.
      configInForce: () => Promise.resolve(),
    });
    return await run(call);
  } finally {
    await database.close();
  }
}
