/** What the verbs work with. */
import type { ProbeCredential } from '../discovery/probe.js';
import type { Discovery } from '../discovery/discovery.js';
import type { Clock } from '../domain/clock.js';
import type { Bus } from '../live/bus.js';
import type { Database } from '../persistence/database.js';
import type { QuotaPoller } from '../quota/poller.js';
import type { Vault } from '../secrets/vault.js';
import type { IssuerSignIn } from './issuer/sign-in.js';

export interface AdminDeps {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly discovery: Discovery;
  readonly probe: ProbeCredential;
  readonly quota: Pick<QuotaPoller, 'refresh'>;
  /** Resolves once gateways can see what is committed now, so that an answered change is a change in force. Never rejects. */
  readonly configInForce: () => Promise<void>;
  /** Whether metered and plan connections may point at private addresses. */
  readonly allowPrivateUpstreams: boolean;
  /** Recognises tokens signed by the configured issuer; absent where none is configured. */
  readonly issuer?: IssuerSignIn | null;
}
