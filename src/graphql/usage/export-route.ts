/** Usage as files to download: `GET /export/usage-events.csv` and its kin, on the admin listener. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AdminContext } from '../../admin/actor.js';
import { EXPORTS_MAX, EXPORT_STALL_MS } from '../../config/usage-limits.js';
import { AppError } from '../../domain/errors.js';
import { BILLINGS, USAGE_STATUSES } from '../../domain/vocabulary.js';
import { EXPORT_SUBJECTS, type UsageExport } from '../../usage/export.js';
import type { GraphqlServices } from '../context.js';
import { DateTimeScalar } from '../shared/scalars.js';
import { isStorable } from '../guard/guard.js';
import type { SignIn } from '../sign-in.js';
import type { UsageFilterInput } from './inputs.js';
import { toFilter } from './ranges.js';

const CONTENT_TYPES = { csv: 'text/csv', jsonl: 'application/jsonl' } as const;
const FILE = /^([a-z-]+)\.(csv|jsonl)$/;
const LISTS = [
  'providers',
  'models',
  'tiers',
  'accessKeys',
  'tags',
  'connections',
  'billings',
  'statuses',
] as const;
const BUSY_RETRY_SECONDS = 5;

export interface RunningExports {
  /** Breaks off those that run, so that nothing waits for a slow reader. */
  close(): void;
}

export function addUsageExport(
  app: FastifyInstance,
  services: GraphqlServices,
  signIn: SignIn,
): RunningExports {
  const running = new Set<AbortController>();

  app.get<{ Params: { file: string } }>(
    '/export/:file',
    { exposeHeadRoute: false },
    async (request, reply) => {
      const { actor } = await signIn(request.headers.authorization, request.ip);
      const { subject, format } = readFile(request.params.file);
      const controller = new AbortController();
      const { signal } = controller;
      const caller: AdminContext = { actor, ip: request.ip, requestId: request.id, signal };
      const filter = await toFilter(readFilter(request), { services, caller });
      if (running.size >= EXPORTS_MAX) {
        throw new AppError(
          'RATE_LIMITED',
          `${EXPORTS_MAX} exports are running; try again once one is done.`,
          {
            retryAfterSeconds: BUSY_RETRY_SECONDS,
          },
        );
      }
      running.add(controller);
      const startedAt = services.clock.monotonic();
      try {
        const pieces = services.usage.export(caller, { subject, format, filter });
        // What fails at the start is still answered as an error.
        const first = await pieces.next();
        const stream = Readable.from(resume(first, pieces), { objectMode: false, signal });
        request.raw.setTimeout(EXPORT_STALL_MS, () => controller.abort());
        stream.once('error', (error) => {
          if (!signal.aborted)
            services.logger.error({ err: error, requestId: request.id }, 'an export broke off');
        });
        stream.once('close', () => {
          running.delete(controller);
          services.logger.info(
            {
              requestId: request.id,
              actor: actor.id,
              file: request.params.file,
              complete: stream.readableEnded,
              durationMs: Math.round(services.clock.monotonic() - startedAt),
            },
            'export',
          );
        });
        return await reply
          .header('content-type', `${CONTENT_TYPES[format]}; charset=utf-8`)
          .header('content-disposition', `attachment; filename="${subject}.${format}"`)
          .send(stream);
      } catch (error) {
        running.delete(controller);
        throw error;
      }
    },
  );

  return {
    close() {
      for (const controller of running) controller.abort();
    },
  };
}

/** The pieces with the one that was taken out already; leaving it early leaves them as well. */
async function* resume(
  first: IteratorResult<string>,
  pieces: AsyncGenerator<string>,
): AsyncGenerator<string> {
  try {
    if (first.done !== true) yield first.value;
    yield* pieces;
  } finally {
    await pieces.return(undefined);
  }
}

function readFile(file: string): Pick<UsageExport, 'subject' | 'format'> {
  const [, name, format] = FILE.exec(file) ?? [];
  const subject = EXPORT_SUBJECTS.find((known) => known === name);
  if (subject === undefined || (format !== 'csv' && format !== 'jsonl')) {
    const files = EXPORT_SUBJECTS.flatMap((known) => [`${known}.csv`, `${known}.jsonl`]);
    throw new AppError('NOT_FOUND', `There is no export ${file}; there are ${files.join(', ')}.`);
  }
  return { subject, format };
}

/** The same filter as everywhere; lists are parameters given several times. */
function readFilter(request: FastifyRequest): UsageFilterInput {
  const given = new URL(request.url, 'http://local').searchParams;
  const unknown = [...given.keys()].find((name) => ![...LISTS, 'from', 'to'].includes(name));
  if (unknown !== undefined) throw refuse(unknown, `is none of ${[...LISTS, 'from', 'to'].join(', ')}`);
  const lists = Object.fromEntries(
    LISTS.filter((name) => given.has(name)).map((name) => [name, given.getAll(name)]),
  );
  for (const [name, value] of given) {
    if (!isStorable(value)) throw refuse(name, 'must not contain the character U+0000');
  }
  for (const billing of given.getAll('billings')) checkAmong('billings', billing, BILLINGS);
  for (const status of given.getAll('statuses')) checkAmong('statuses', status, USAGE_STATUSES);
  const from = readInstant('from', given.get('from'));
  const to = readInstant('to', given.get('to'));
  const range = from === null && to === null ? null : { from: from ?? 0, to };
  return { ...(lists as Omit<UsageFilterInput, 'range'>), range };
}

function checkAmong(name: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) throw refuse(name, `must be among ${known.join(', ')}`);
}

function readInstant(name: string, text: string | null): number | null {
  if (text === null) return null;
  try {
    return DateTimeScalar.parseValue(text);
  } catch (error) {
    throw refuse(name, error instanceof Error ? error.message : 'must be an instant');
  }
}

function refuse(name: string, problem: string): AppError {
  return new AppError('BAD_USER_INPUT', `\`${name}\` ${problem}`.replace(/\.?$/, '.'), { field: [name] });
}
