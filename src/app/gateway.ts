/** The gateway process: wires the passthrough to its snapshot and its journal. Nothing here reaches the database. */
import { readConfig } from '../config/config.js';
import { systemClock } from '../domain/clock.js';
import { createProviderCallBuilder } from '../gateway/provider-call.js';
import { openRoutingState } from '../gateway/routing-state.js';
import { startGateway, type Gateway } from '../gateway/server.js';
import { createUpstreamClient } from '../gateway/upstream-client.js';
import { createJournalWriter } from '../journal/writer.js';
import { createLogger } from '../observability/logger.js';
import { establishIdentity } from './identity.js';
import { GATEWAY_ADDRESS_SETTINGS, listenFailure } from './listeners.js';
import { onOrder, report } from './messages.js';

export async function runGateway(slot: number): Promise<void> {
  const config = readConfig();
  const logger = createLogger({ level: config.logLevel, role: `gateway-${slot}` });
  const clock = systemClock;
  const { vault, snapshotFile, journalDir } = await establishIdentity(config);
  const journal = createJournalWriter({ directory: journalDir, clock, logger });
  const state = await openRoutingState({
    file: snapshotFile,
    logger,
    onChange: ({ version }) => report({ kind: 'in-force', version }),
  });
  const upstream = createUpstreamClient({ allowPrivate: config.allowPrivateUpstreams });
  const calls = createProviderCallBuilder(vault);
  const gateway = await listen(() =>
    startGateway({ state, journal, upstream, calls, clock, logger }, config.gateway),
  );

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    // The journal closes last: requests that finish while draining still write their end.
    await gateway.drain();
    state.close();
    await upstream.close();
    journal.close();
    process.exit(0);
  };
  onOrder((order) => {
    if (order.kind === 'snapshot') void state.refresh();
    if (order.kind === 'stop') void stop();
  });
  report({ kind: 'ready', port: gateway.port });
}

async function listen(start: () => Promise<Gateway>): Promise<Gateway> {
  try {
    return await start();
  } catch (error) {
    throw listenFailure(error, GATEWAY_ADDRESS_SETTINGS);
  }
}
