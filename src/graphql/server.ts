/** The admin listener: GraphQL over HTTP and websockets, the page to try it on, and what monitoring asks for. */
import { fastifyApolloHandler } from '@as-integrations/fastify';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawServerDefault,
  type RouteHandlerMethod,
} from 'fastify';
import type { Registry } from 'prom-client';
import type { Admin } from '../admin/admin.js';
import { GRAPHQL_BODY_MAX_BYTES, GRAPHQL_TIMEOUT_MS } from '../config/graphql-limits.js';
import type { Clock } from '../domain/clock.js';
import { AppError, type ErrorCode } from '../domain/errors.js';
import { newId } from '../domain/ids.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';
import { startApollo } from './apollo.js';
import {
  createContext,
  type GraphqlContext,
  type GraphqlServices,
  type HealthCheckValue,
} from './context.js';
import { callerGone, withinDeadline } from './deadline.js';
import { asAppError, toPublicError } from './errors.js';
import { graphiqlPage } from './graphiql.js';
import { createCostBuckets } from './guard/cost-buckets.js';
import { createDocumentCache } from './guard/document-cache.js';
import { createLiveStats, type LiveStats } from './live-stats.js';
import { logFaults, measureLive } from './report.js';
import { adminSchemaHash, buildAdminSchema } from './schema.js';
import { createSignIn, type SignIn } from './sign-in.js';
import { createSocketServer, type SocketServer } from './socket.js';
import { addUsageExport } from './usage/export-route.js';
import type { UsageReads } from './usage/reads.js';

const GRAPHQL_PATH = '/graphql';
const REQUEST_ID = /^[\w.:-]{1,128}$/;
const GRAPHQL_RESPONSE = 'application/graphql-response+json';

export interface AdminServerDeps {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly admin: Admin;
  readonly usage: UsageReads;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What `/metrics` answers. */
  readonly metrics: Registry;
  readonly version: string;
  /** Days that single usage events are kept. */
  readonly usageRetentionDays: number;
  /** State of each dependency and background job, now. */
  checks(): Promise<readonly HealthCheckValue[]>;
  /** For tests that cannot wait as long as real peers can. */
  readonly sockets?: { readonly initTimeoutMs?: number; readonly keepAliveMs?: number };
  readonly operationTimeoutMs?: number;
}

export interface AdminServer {
  /** As `http://127.0.0.1:4000`. */
  readonly url: string;
  readonly port: number;
  readonly live: LiveStats;
  /** Ends subscriptions, lets running requests finish, and stops listening. */
  close(): Promise<void>;
}

export async function startAdminServer(deps: AdminServerDeps): Promise<AdminServer> {
  const { admin, usage, bus, clock, version, usageRetentionDays } = deps;
  const logger = deps.logger.child({ part: 'admin-server' });
  const schema = buildAdminSchema();
  const services: GraphqlServices = {
    admin,
    usage,
    bus,
    clock,
    logger,
    version,
    startedAt: clock.now(),
    usageRetentionDays,
    schemaHash: adminSchemaHash(),
    checks: () => deps.checks(),
    live: createLiveStats(),
    costs: createCostBuckets(clock),
    operationTimeoutMs: deps.operationTimeoutMs ?? GRAPHQL_TIMEOUT_MS,
  };
  const signIn = createSignIn(admin, clock);
  const app = createApp(services);
  const documents = createDocumentCache();
  const apollo = await startApollo(schema, services, documents);
  const sockets = createSocketServer({
    schema,
    documents,
    services,
    signIn,
    path: GRAPHQL_PATH,
    ...deps.sockets,
  });
  sockets.attach(app.server);

  addGraphql(app, services, signIn, (context) =>
    fastifyApolloHandler<GraphqlContext, RawServerDefault>(apollo, {
      context: () => Promise.resolve(context),
    }),
  );
  const exports = addUsageExport(app, services, signIn);
  addMonitoring(app, deps, services);
  measureLive(deps.metrics, services.live);
  await app.listen({ host: deps.host, port: deps.port });

  const port = portOf(app) ?? deps.port;
  return {
    url: `http://${deps.host.includes(':') ? `[${deps.host}]` : deps.host}:${port}`,
    port,
    live: services.live,
    async close() {
      exports.close();
      await closeAll(sockets, app, () => apollo.stop());
    },
  };
}

function portOf({ server }: FastifyInstance): number | null {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : null;
}

/** Sockets first: the listener closes only once nothing holds a connection. */
async function closeAll(
  sockets: SocketServer,
  app: FastifyInstance,
  stop: () => Promise<void>,
): Promise<void> {
  await sockets.close();
  await app.close();
  await stop();
}

function createApp({ clock, logger }: GraphqlServices): FastifyInstance {
  const app = Fastify({
    bodyLimit: GRAPHQL_BODY_MAX_BYTES,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId('request', clock.now());
    },
  });
  // Bodies of other types are let in unread, so that their refusal explains itself.
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    payload.once('end', () => done(null));
  });
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    void reply.header('x-content-type-options', 'nosniff');
    void reply.header('cache-control', 'no-store');
    done();
  });
  app.setErrorHandler((error: FastifyError, request, reply) =>
    sendError(logger, request, reply, toAppError(error)),
  );
  app.setNotFoundHandler((request, reply) =>
    sendError(
      logger,
      request,
      reply,
      new AppError('NOT_FOUND', `There is nothing at ${request.method} ${pathOf(request)}.`),
    ),
  );
  return app;
}

function addGraphql(
  app: FastifyInstance,
  services: GraphqlServices,
  signIn: SignIn,
  handlerFor: (context: GraphqlContext) => RouteHandlerMethod,
): void {
  app.get(GRAPHQL_PATH, async (request, reply) => {
    if (!request.headers.accept?.includes('text/html')) {
      void reply.header('allow', 'POST');
      throw new AppError(
        'METHOD_NOT_ALLOWED',
        'Send operations with POST, or open this address in a browser.',
      );
    }
    const page = await graphiqlPage();
    return reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-encoding', 'gzip')
      .header('content-security-policy', page.contentSecurityPolicy)
      .header('referrer-policy', 'no-referrer')
      .send(page.gzipped);
  });

  app.post(GRAPHQL_PATH, async function (request, reply) {
    const { actor } = await signIn(request.headers.authorization, request.ip);
    checkBody(request);
    const controller = new AbortController();
    const context = createContext(services, {
      actor,
      ip: request.ip,
      requestId: request.id,
      controller,
      loaders: null,
    });
    const isChange = (): boolean => context.found.operation === 'mutation';
    // A change is made whether or not its caller stays to hear of it.
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished && !isChange()) controller.abort(callerGone());
    });
    return withinDeadline(async () => handlerFor(context).call(this, request, reply), {
      controller,
      isChange,
      timeoutMs: services.operationTimeoutMs,
    });
  });
}

function addMonitoring(app: FastifyInstance, deps: AdminServerDeps, services: GraphqlServices): void {
  app.get('/livez', () => ({ state: 'HEALTHY' }));
  app.get('/readyz', async (_request, reply) => {
    const checks = await services.checks();
    const ready = checks.every(({ state }) => state !== 'UNHEALTHY');
    return reply.code(ready ? 200 : 503).send({ state: ready ? 'HEALTHY' : 'UNHEALTHY', checks });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', deps.metrics.contentType).send(await deps.metrics.metrics()),
  );
}

/** Refuses what a form on another site could send, and what is no single operation. */
function checkBody({ headers, body }: FastifyRequest): void {
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new AppError('BAD_REQUEST', 'Send the operation as JSON, with content-type: application/json.');
  }
  if (Array.isArray(body)) {
    throw new AppError('BAD_REQUEST', 'Send one operation per request; batches are not accepted.');
  }
  if (typeof body !== 'object' || body === null || !('query' in body) || typeof body.query !== 'string') {
    throw new AppError('BAD_REQUEST', 'The body must be an object with the document in `query`.');
  }
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'BAD_REQUEST',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'BAD_REQUEST',
  503: 'SERVICE_UNAVAILABLE',
};

function toAppError(error: FastifyError): AppError {
  if (error instanceof AppError) return error;
  const code = CODE_OF_STATUS[error.statusCode ?? 500];
  if (code === undefined) return asAppError(error);
  if (code === 'PAYLOAD_TOO_LARGE') {
    return new AppError(code, `The body is larger than ${GRAPHQL_BODY_MAX_BYTES / 1024} KiB.`);
  }
  return new AppError(code, `${error.message.replace(/\.$/, '')}.`);
}

function sendError(
  logger: Logger,
  request: FastifyRequest,
  reply: FastifyReply,
  error: AppError,
): FastifyReply {
  const shown = toPublicError(error);
  logFaults(logger, request.id, [shown]);
  if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', error.retryAfterSeconds);
  if (error.code === 'UNAUTHENTICATED') void reply.header('www-authenticate', 'Bearer');
  const asked = request.headers.accept?.includes(GRAPHQL_RESPONSE) ?? false;
  return reply
    .code(error.status)
    .header('content-type', `${asked ? GRAPHQL_RESPONSE : 'application/json'}; charset=utf-8`)
    .send(JSON.stringify({ errors: [shown.formatted], extensions: { requestId: request.id } }));
}

function pathOf(request: FastifyRequest): string {
  return new URL(request.url, 'http://local').pathname;
}
