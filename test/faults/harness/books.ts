/** Whether what was recorded is what the agents were told: everything, once each, and summed up right. */
import { isDeepStrictEqual } from 'node:util';
import { sumsOf, sumsOfTotals, usageReport } from '../../support/operator.js';
import type { Switchyard } from '../../support/switchyard.js';
import { until } from '../../support/wait.js';
import type { Subscriber } from './subscriber.js';
import type { Call, Traffic } from './traffic.js';

/** As long as the longest back-off of whatever is started again, and then some. */
const RECORDED_DEADLINE_MS = 30_000;
/** What asking costs is limited. */
const ASK_PAUSE_MS = 250;
const SHOWN_MAX = 5;

export interface BooksOptions {
  readonly program: Pick<Switchyard, 'api' | 'adminUrl' | 'token'>;
  readonly traffic: Traffic;
  readonly subscriber: Subscriber;
}

/**
 * Waits until the subscriber has seen every call that an agent has an id of, and compares: calls with events, events with
 * rollups. Answers what is wrong, in words; nothing is the only good answer.
 */
export async function auditBooks({ program, traffic, subscriber }: BooksOptions): Promise<string[]> {
  const known = new Map(
    traffic.calls.flatMap((call) => (call.requestId === null ? [] : [[call.requestId, call]])),
  );
  const missing = (): Call[] => {
    const recorded = new Set([...subscriber.events.values()].map(({ requestId }) => requestId));
    return [...known].flatMap(([requestId, call]) => (recorded.has(requestId) ? [] : [call]));
  };
  const complete = await isReached(() => missing().length === 0);
  if (!complete) return [`the subscriber saw no event of ${sample(missing())}`];
  const events = (): any[] => [...subscriber.events.values()];

  const problems: string[] = [];
  let sums: Record<string, unknown>[] = [];
  // Requests that nobody has an id of may still be on their way.
  const balanced = await isReached(async () => {
    const reports = ['HOUR', 'TOTAL'].map((interval) =>
      usageReport(program, { interval, groupBy: ['MODEL', 'STATUS'] }),
    );
    sums = (await Promise.all(reports)).map(({ totals }) => sumsOfTotals(totals));
    return sums.every((sum) => isDeepStrictEqual(sum, sumsOf(events())));
  });
  if (!balanced)
    problems.push(`rollups are ${show(sums)}, but the events sum up to ${show(sumsOf(events()))}`);
  if (subscriber.repeated > 0) problems.push(`the subscriber was told ${subscriber.repeated} events twice`);
  const requestIds = new Set(events().map(({ requestId }) => requestId));
  if (requestIds.size !== events().length)
    problems.push(`${events().length - requestIds.size} requests are there twice`);
  const unseen = events().filter(({ requestId }) => !known.has(requestId)).length;
  const headless = traffic.calls.length - known.size;
  // A request that was cut before its head arrived is there once at most.
  if (unseen > headless)
    problems.push(`${unseen} events belong to no call; only ${headless} calls had no head`);
  for (const event of events()) {
    const call = known.get(event.requestId);
    const wrong = call && mismatch(call, event);
    if (wrong) problems.push(wrong);
  }
  return problems;
}

/** Compares everything the subscriber saw with everything that `usageEvents` lists. */
export async function auditListing({ program, subscriber }: BooksOptions): Promise<string[]> {
  const listed = await listedIds(program);
  const ids = new Set(listed);
  const problems = [];
  if (ids.size !== listed.length) problems.push(`${listed.length - ids.size} events are listed twice`);
  const unlisted = [...subscriber.events.keys()].filter((id) => !ids.has(id));
  if (unlisted.length > 0) problems.push(`events that were told are not listed: ${sample(unlisted)}`);
  const untold = [...ids].filter((id) => !subscriber.events.has(id));
  if (untold.length > 0) problems.push(`events that are listed were not told: ${sample(untold)}`);
  return problems;
}

async function listedIds({ api }: BooksOptions['program']): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    // A limit on what asking costs may make it wait.
    const page: any = await until(
      'a page of events',
      () =>
        api
          .data(
            `query ($after: String) { usageEvents(first: 100, after: $after) {
              nodes { id } pageInfo { hasNextPage endCursor } } }`,
            { after },
          )
          .then(({ usageEvents }) => usageEvents)
          .catch(() => null),
      RECORDED_DEADLINE_MS,
    );
    ids.push(...page.nodes.map(({ id }: { id: string }) => id));
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return ids;
}

/** What an event says wrong about its call. */
function mismatch(call: Call, event: any): string | null {
  const { status, error, tokens } = event;
  if (call.outcome === 'whole') {
    const right = status === 'OK' && tokens.input === call.input && tokens.output === call.output;
    return right ? null : `an answer that came whole, ${show(call)}, is recorded as ${show(event)}`;
  }
  if (!call.endless || call.cancelled) return null;
  // The format that states its input first must not have it forgotten by a crash.
  const right =
    status === 'FAILED' &&
    error?.class === 'INTERRUPTED' &&
    (call.dialect !== 'messages' || tokens.input === call.input);
  return right ? null : `a stream that was cut off, ${show(call)}, is recorded as ${show(event)}`;
}

async function isReached(probe: () => boolean | Promise<boolean>): Promise<boolean> {
  let askAt = 0;
  try {
    await until(
      'the books balance',
      async () => {
        if (performance.now() < askAt) return false;
        askAt = performance.now() + ASK_PAUSE_MS;
        // Asking may fail while what was killed comes back.
        return Promise.resolve(probe()).catch(() => false);
      },
      RECORDED_DEADLINE_MS,
    );
    return true;
  } catch {
    return false;
  }
}

function sample(things: readonly unknown[]): string {
  const shown = things.slice(0, SHOWN_MAX).map(show).join(', ');
  return things.length > SHOWN_MAX ? `${shown} and ${things.length - SHOWN_MAX} more` : shown;
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
}
