/** What operators do with a running program, through its admin API alone. */
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { SimulatedProvider } from './providers/simulated-provider.js';
import type { Switchyard } from './switchyard.js';
import { until } from './wait.js';

/** As long as the longest back-off of whatever is started again, and then some. */
const RECORDED_DEADLINE_MS = 30_000;
const ASK_PAUSE_MS = 250;

/** A websocket client of the admin API. */
export function liveClient({ adminUrl, token }: Pick<Switchyard, 'adminUrl' | 'token'>): Client {
  return createClient({
    url: `${adminUrl.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
}

export interface Subscription {
  /** Data of every message so far. */
  readonly messages: readonly any[];
  /** The first message, now or later, that `matches` says something about. */
  find<T>(matches: (data: any) => T | undefined | false): Promise<T>;
  /** Resolves when the server completed it, rejects with what ended it otherwise. */
  readonly completed: Promise<void>;
  stop(): void;
}

/** Runs a subscription and keeps what it delivers. */
export function follow(client: Client, query: string, variables: Record<string, unknown> = {}): Subscription {
  const messages: any[] = [];
  let stop = (): void => undefined;
  const completed = new Promise<void>((resolve, reject) => {
    stop = client.subscribe(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (errors) reject(new Error(JSON.stringify(errors)));
          else messages.push(data);
        },
        error: reject,
        complete: resolve,
      },
    );
  });
  completed.catch(() => undefined);
  return {
    messages,
    find: (matches) =>
      until('a message of the subscription', () => {
        for (const message of messages) {
          const found = matches(message);
          if (found !== undefined && found !== false) return found as object;
        }
        return null;
      }) as Promise<any>,
    completed,
    stop: () => stop(),
  };
}

const CONNECT = `mutation ($input: ConnectionCreateInput!) {
  connectionCreate(input: $input) {
    connection { id billing health { state } }
    discoveryRun { id }
    userErrors { code message field }
  }
}`;

/** What `connectionCreate` answers for a simulated provider. */
export async function tryToConnect(
  { api }: Pick<Switchyard, 'api'>,
  provider: SimulatedProvider,
  offering: string,
  changes: Record<string, unknown> = {},
): Promise<any> {
  const input = {
    provider: provider.slug,
    offering,
    label: offering,
    secret: provider.keys.good,
    baseUrl: provider.url,
    ...changes,
  };
  return (await api.data(CONNECT, { input })).connectionCreate;
}

/** Connects a simulated provider and waits for the end of its discovery. */
export async function connect(
  program: Pick<Switchyard, 'api' | 'adminUrl' | 'token'>,
  provider: SimulatedProvider,
  offering: string,
): Promise<{ connectionId: string; progress: readonly any[] }> {
  const { connection, discoveryRun, userErrors } = await tryToConnect(program, provider, offering);
  if (userErrors.length > 0) throw new Error(JSON.stringify(userErrors));
  const client = liveClient(program);
  const progress = follow(
    client,
    `subscription ($runId: ID!) { discoveryProgress(runId: $runId) {
      run { status connectionsDone connectionsTotal } result { status modelsFound error { message } } } }`,
    { runId: discoveryRun.id },
  );
  await progress.completed;
  await client.dispose();
  return {
    connectionId: connection.id,
    progress: progress.messages.map(({ discoveryProgress }) => discoveryProgress),
  };
}

/** Makes a key for agents. */
export async function makeKey({ api }: Pick<Switchyard, 'api'>): Promise<{ id: string; plaintext: string }> {
  const { accessKeyCreate } = await api.data(
    'mutation { accessKeyCreate(input: { name: "agent" }) { accessKey { id } plaintext userErrors { code } } }',
  );
  return { id: accessKeyCreate.accessKey.id, plaintext: accessKeyCreate.plaintext };
}

/** Of an event, what tests compare. */
export const EVENT_FIELDS = `id requestId status modelRef billing streamed costUsd listCostUsd tokenSource
  error { class } provider { slug } tokens { input cacheRead cacheWrite output reasoning total }`;

/** Every recorded request, oldest first. */
async function allUsageEvents({ api }: Pick<Switchyard, 'api'>): Promise<any[]> {
  const events: any[] = [];
  let after: string | null = null;
  do {
    const { usageEvents }: any = await api.data(
      `query ($after: String) { usageEvents(first: 100, after: $after) {
        nodes { ${EVENT_FIELDS} } pageInfo { hasNextPage endCursor } } }`,
      { after },
    );
    events.push(...usageEvents.nodes);
    after = usageEvents.pageInfo.hasNextPage ? usageEvents.pageInfo.endCursor : null;
  } while (after !== null);
  return events.reverse();
}

/** Every recorded request, once `complete` says that all are there. What asking costs is limited, so it is done with pauses. */
export function recordedEvents(
  program: Pick<Switchyard, 'api'>,
  complete: (events: readonly any[]) => boolean,
): Promise<any[]> {
  let askAt = 0;
  return until(
    'every request is recorded',
    async () => {
      if (performance.now() < askAt) return null;
      // Asking may fail while what was killed comes back.
      const found = await allUsageEvents(program).catch(() => []);
      askAt = performance.now() + ASK_PAUSE_MS;
      return complete(found) && found;
    },
    RECORDED_DEADLINE_MS,
  );
}

/** A report over everything of the last hours. */
export async function usageReport(
  { api }: Pick<Switchyard, 'api'>,
  input: { interval: string; groupBy?: readonly string[] },
): Promise<any> {
  const from = new Date(Date.now() - 2 * 3_600_000).toISOString();
  const { usageReport: report } = await api.data(
    `query ($input: UsageReportInput!) { usageReport(input: $input) {
      totals { ${TOTALS_FIELDS} } rollups { bucketStart group { dimension value } totals { ${TOTALS_FIELDS} } } } }`,
    { input: { ...input, range: { from, to: new Date(Date.now() + 3_600_000).toISOString() } } },
  );
  return report;
}

const TOTALS_FIELDS = `requests failures costUsd listCostUsd savedUsd unpricedRequests
  tokens { input cacheRead cacheWrite output reasoning total }`;

/** An amount in dollars as whole nano-dollars, so that sums in tests are exact. */
export function nanoUsd(decimal: string | null): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(decimal ?? '0');
  if (!match) throw new Error(`not an amount: ${decimal}`);
  return BigInt(`${match[1]}${match[2]}${(match[3] ?? '').padEnd(9, '0')}`);
}

/** Sums of events the way a report states them. */
export function sumsOf(events: readonly any[]): Record<string, unknown> {
  const tokens = (name: string): number => events.reduce((sum, event) => sum + event.tokens[name], 0);
  const money = (name: string): bigint => events.reduce((sum, event) => sum + nanoUsd(event[name]), 0n);
  return {
    requests: events.length,
    failures: events.filter(({ status }) => status !== 'OK').length,
    input: tokens('input'),
    cacheRead: tokens('cacheRead'),
    cacheWrite: tokens('cacheWrite'),
    output: tokens('output'),
    total: tokens('total'),
    cost: money('costUsd'),
    listCost: money('listCostUsd'),
  };
}

/** Totals of a report in the form of {@link sumsOf}. */
export function sumsOfTotals(totals: any): Record<string, unknown> {
  const { input, cacheRead, cacheWrite, output, total } = totals.tokens;
  return {
    requests: totals.requests,
    failures: totals.failures,
    input,
    cacheRead,
    cacheWrite,
    output,
    total,
    cost: nanoUsd(totals.costUsd),
    listCost: nanoUsd(totals.listCostUsd),
  };
}
