/**
 * The catalogue in use: what ships with the program, and over it the newest copy of models.dev that was ever good. The
 * copy is renewed every day; when that fails, or what comes is no catalogue, the last good one stays in use.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import {
  CATALOG_MAX_BYTES,
  CATALOG_REFRESH_MS,
  CATALOG_RETRY_MS,
  CATALOG_TIMEOUT_MS,
} from '../../config/limits.js';
import type { Clock } from '../../domain/clock.js';
import type { Logger } from '../../observability/logger.js';
import { allProviders } from '../../providers/registry.js';
import type { HttpGet } from '../../upstream/http-get.js';
import { catalogLookup, factsFor as shippedFacts, SHIPPED_CATALOG, type CatalogLookup } from './catalog.js';
import {
  catalogSize,
  compileCatalog,
  formatCatalogFile,
  readCatalogFile,
  type CatalogFile,
} from './compile.js';

/** Where models.dev publishes its catalogue. */
const MODELS_DEV_URL = 'https://models.dev/api.json';

/** A copy that knows less than this share of what the shipped snapshot knows is taken for broken. */
const PLAUSIBLE_SHARE = 0.5;

export interface RenewedCatalog {
  /** Looks up the catalogue in use; a model that a newer copy has dropped is still known from the snapshot. */
  readonly factsFor: CatalogLookup;
  /** Day of the catalogue in use, `YYYY-MM-DD`. */
  asOf(): string;
  /** Renews now; answers whether that gave a good copy. Never rejects. */
  refresh(): Promise<boolean>;
  /** Stops, and waits for a refresh under way. */
  close(): Promise<void>;
}

export interface RenewedCatalogOptions {
  /** Where the last good copy is kept. */
  readonly path: string;
  readonly http: HttpGet;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether to renew it every day; what was kept before is used either way. */
  readonly daily: boolean;
  readonly url?: string;
}

/** Reads the kept copy and, if wanted, begins to renew it. */
export async function openCatalog(options: RenewedCatalogOptions): Promise<RenewedCatalog> {
  const { clock, http, logger, path, url = MODELS_DEV_URL } = options;
  const stopped = new AbortController();
  let renewed: { readonly asOf: string; readonly factsFor: CatalogLookup } | null = null;
  let timer: NodeJS.Timeout | null = null;
  let refreshing: Promise<boolean> | null = null;
  let failing = false;

  const use = (file: CatalogFile): void => {
    if (file.asOf > SHIPPED_CATALOG.asOf) renewed = { asOf: file.asOf, factsFor: catalogLookup(file) };
  };

  const renew = async (): Promise<boolean> => {
    try {
      const file = await download({ http, url, today: dayOf(clock.now()), signal: stopped.signal });
      use(file);
      const draft = `${path}.${process.pid}.tmp`;
      await writeFile(draft, formatCatalogFile(file), { mode: 0o600 });
      await rename(draft, path);
      failing = false;
      return true;
    } catch (error) {
      if (!failing && !stopped.signal.aborted) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.warn({ reason }, 'the model catalogue could not be renewed; the last good one stays in use');
      }
      failing = true;
      return false;
    }
  };

  const refresh = (): Promise<boolean> =>
    (refreshing ??= renew().finally(() => {
      refreshing = null;
    }));

  const schedule = (delayMs: number): void => {
    if (stopped.signal.aborted) return;
    timer = setTimeout(() => {
      void refresh().then((good) => schedule(good ? CATALOG_REFRESH_MS : CATALOG_RETRY_MS));
    }, delayMs);
    timer.unref();
  };

  const kept = await readKept(path);
  if (kept) use(kept);
  // A restart does not ask again what was asked today.
  if (options.daily) schedule(kept?.asOf === dayOf(clock.now()) ? CATALOG_REFRESH_MS : 0);

  return {
    factsFor: (offering, upstreamId) =>
      renewed?.factsFor(offering, upstreamId) ?? shippedFacts(offering, upstreamId),
    asOf: () => renewed?.asOf ?? SHIPPED_CATALOG.asOf,
    refresh,
    async close() {
      stopped.abort();
      if (timer) clearTimeout(timer);
      await refreshing;
    },
  };
}

interface Download {
  readonly http: HttpGet;
  readonly url: string;
  readonly today: string;
  readonly signal: AbortSignal;
}

/** A copy that is good to use; throws with the reason when there is none. */
async function download({ http, url, today, signal }: Download): Promise<CatalogFile> {
  const answer = await http.get({
    url,
    headers: {},
    billing: 'METERED',
    timeoutMs: CATALOG_TIMEOUT_MS,
    maxBytes: CATALOG_MAX_BYTES,
    signal,
  });
  if (!answer.ok) throw new Error(answer.message);
  if (answer.status !== 200) throw new Error(`${url} answered with status ${answer.status}.`);
  const file = compileCatalog(JSON.parse(answer.bodyText), today, usedCatalogs());
  if (file === null) throw new Error(`${url} answered with something that is not a catalogue.`);
  const [size, shipped] = [catalogSize(file), catalogSize(SHIPPED_CATALOG)];
  if (size < shipped * PLAUSIBLE_SHARE)
    throw new Error(`${url} names ${size} models where ${shipped} were known; it is taken for broken.`);
  return file;
}

/** The parts of the catalogue that some offering reads, and those that ship. */
function usedCatalogs(): ReadonlySet<string> {
  const named = allProviders().flatMap(({ offerings }) =>
    offerings.flatMap(({ catalog }) => [...catalog.facts, ...catalog.prices]),
  );
  return new Set([...named, ...Object.keys(SHIPPED_CATALOG.providers)]);
}

/** Null when there is none, or when it cannot be read: it is about to be fetched anew. */
async function readKept(path: string): Promise<CatalogFile | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  return text === null ? null : readCatalogFile(text);
}

function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
