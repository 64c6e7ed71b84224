/**
 * GraphQL over websockets (`graphql-transport-ws`): accepts sockets, knows who is behind each, runs their operations
 * through the same guard as HTTP, and lets none of them outlive its peer, its token or this process.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  createSourceEventStream,
  execute,
  GraphQLError,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import { handleProtocols, makeServer, type Context, type SubscribePayload } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Actor } from '../admin/actor.js';
import {
  GRAPHQL_MESSAGE_MAX_BYTES,
  OPERATIONS_PER_SOCKET_MAX,
  SOCKETS_MAX,
  SOCKETS_PER_TOKEN_MAX,
  SOCKET_INIT_TIMEOUT_MS,
  SOCKET_KEEP_ALIVE_MS,
  SOCKET_MESSAGES_PER_SECOND,
  SOCKET_TOKEN_CHECK_MS,
} from '../config/graphql-limits.js';
import { AppError } from '../domain/errors.js';
import { newId } from '../domain/ids.js';
import { createContext, createLiveLoaders, type GraphqlContext, type GraphqlServices } from './context.js';
import { callerGone, withinDeadline } from './deadline.js';
import { answerEvents } from './event-stream.js';
import { asGraphqlError, refusal, toPublicError } from './errors.js';
import { tokenIdOf } from './guard/cost-buckets.js';
import type { DocumentCache } from './guard/document-cache.js';
import { costReport, DocumentRefused, guardOperation, readDocument } from './guard/guard.js';
import { createOutbox } from './outbox.js';
import { extensionsOf, logFaults, logOperation } from './report.js';
import { failing } from './shared/iterators.js';
import type { Loaders } from './loaders.js';
import type { SignIn } from './sign-in.js';
import {
  abandon,
  closeInTime,
  createFloodGate,
  isOwnOrigin,
  isUnwanted,
  keepAlive,
  seeTheSame,
  type Operation,
  type Peer,
} from './socket-peer.js';

/** Close codes of the protocol and of websockets that are ours to send. */
const FORBIDDEN = 4403;
const INTERNAL_ERROR = 4500;
const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;
/** Longest delay a timer can have. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export interface SocketServerOptions {
  readonly schema: GraphQLSchema;
  readonly documents: DocumentCache;
  readonly services: GraphqlServices;
  readonly signIn: SignIn;
  readonly path: string;
  readonly initTimeoutMs?: number;
  readonly keepAliveMs?: number;
}

export interface SocketServer {
  /** Sockets open now. */
  readonly size: number;
  /** Takes over upgrades of `server`. */
  attach(server: Server): void;
  /** Refuses new sockets and closes the open ones with 1001. */
  close(): Promise<void>;
}

/** Data and errors of a result, however its parameters are set. */
interface AnyResult {
  readonly data: ExecutionResult['data'] | undefined;
  readonly errors: readonly GraphQLError[] | undefined;
}

type PeerContext = Context<Record<string, unknown> | undefined, Peer>;

export function createSocketServer(options: SocketServerOptions): SocketServer {
  const { schema, documents, services, signIn, path } = options;
  const { clock } = services;
  const logger = services.logger.child({ part: 'graphql-socket' });
  const keepAliveMs = options.keepAliveMs ?? SOCKET_KEEP_ALIVE_MS;
  const peers = new Set<Peer>();
  let closing = false;

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: GRAPHQL_MESSAGE_MAX_BYTES,
    perMessageDeflate: false,
    handleProtocols,
  });

  const protocol = makeServer<Record<string, unknown> | undefined, Peer>({
    connectionInitWaitTimeout: options.initTimeoutMs ?? SOCKET_INIT_TIMEOUT_MS,
    onConnect: ({ connectionParams, extra }) => welcome(extra, connectionParams),
    onSubscribe: (context, id, payload) => prepare(context, id, payload),
    execute: (args) => run(args),
    subscribe: (args) => follow(args),
    onNext: ({ extra }, _id, payload, _args, { data, errors }) => present(extra, payload, { data, errors }),
    onError: ({ extra }, _id, payload, errors) => {
      const operation = extra.operations.get(payload);
      const shown = errors.map((error) => {
        const { extensions, ...formatted } = publicError(operation, error);
        return { ...formatted, extensions: { ...extensions, ...(operation && extensionsOf(operation)) } };
      });
      finish(extra, payload);
      return shown;
    },
    onComplete: ({ extra }, _id, payload) => finish(extra, payload),
  });

  const welcome = async (
    peer: Peer,
    parameters: Readonly<Record<string, unknown>> | undefined,
  ): Promise<Record<string, unknown> | false> => {
    const { socket, request, ip } = peer;
    const authorization =
      parameters?.['authorization'] ?? parameters?.['Authorization'] ?? request.headers.authorization;
    try {
      const { actor, token } = await signIn(authorization, ip);
      if (socket.readyState !== socket.OPEN) return false;
      if (socketsOf(actor) >= SOCKETS_PER_TOKEN_MAX) {
        socket.close(TRY_AGAIN_LATER, `At most ${SOCKETS_PER_TOKEN_MAX} sockets per token`);
        return false;
      }
      peer.loaders = loadersFor(actor);
      peer.actor = actor;
      peer.token = token;
      armExpiry(peer);
      return {
        viewer: { name: actor.name, scopes: actor.scopes },
        expiresAt: actor.expiresAt === null ? null : new Date(actor.expiresAt).toISOString(),
        limits: { maxSubscriptions: OPERATIONS_PER_SOCKET_MAX },
      };
    } catch (error) {
      if (!(error instanceof AppError)) {
        logger.error({ err: error }, 'a websocket could not be signed in');
        socket.close(TRY_AGAIN_LATER, 'Try again later');
      }
      return false;
    }
  };

  const socketsOf = (actor: Actor): number =>
    [...peers].filter((peer) => peer.actor && tokenIdOf(peer.actor) === tokenIdOf(actor)).length;

  /** Sockets that may see the same share what they load, so that an event costs its reads once and not once for each. */
  const loadersFor = (actor: Actor): Loaders => {
    const alike = [...peers].find((peer) => peer.actor && seeTheSame(peer.actor, actor));
    return alike?.loaders ?? createLiveLoaders(services, actor);
  };

  const armExpiry = (peer: Peer): void => {
    const expiresAt = peer.actor?.expiresAt ?? null;
    if (expiresAt === null) return;
    const left = expiresAt - clock.now();
    if (left <= 0) {
      peer.socket.close(FORBIDDEN, 'Forbidden');
      return;
    }
    peer.expiry = setTimeout(() => armExpiry(peer), Math.min(left, TIMER_MAX_MS));
  };

  const prepare = (
    { extra: peer, subscriptions }: PeerContext,
    id: string,
    payload: SubscribePayload,
  ): ExecutionArgs | readonly GraphQLError[] => {
    const controller = new AbortController();
    const operation: Operation = {
      requestId: newId('request', clock.now()),
      controller,
      isWanted: () => Object.hasOwn(subscriptions, id),
      startedAt: clock.monotonic(),
      codes: new Set(),
      cost: peer.actor && costReport(services.costs, tokenIdOf(peer.actor)),
      context: null,
      type: 'unknown',
      name: null,
    };
    peer.operations.set(payload, operation);
    try {
      if (!peer.actor) throw new AppError('UNAUTHENTICATED', 'This socket has not signed in.');
      if (Object.keys(subscriptions).length > OPERATIONS_PER_SOCKET_MAX) {
        throw refusal(
          'TOO_MANY_SUBSCRIPTIONS',
          `A socket runs at most ${OPERATIONS_PER_SOCKET_MAX} operations at once; end one or open another socket.`,
        );
      }
      const document = readDocument(schema, payload.query, documents);
      const { operationName, variables } = payload;
      const tokenId = tokenIdOf(peer.actor);
      const guarded = guardOperation({
        schema,
        document,
        operationName,
        variables,
        tokenId,
        costs: services.costs,
      });
      const context = createContext(services, {
        actor: peer.actor,
        ip: peer.ip,
        requestId: operation.requestId,
        controller,
        loaders: guarded.operation.operation === 'subscription' ? peer.loaders : null,
      });
      context.cost = guarded.cost;
      operation.cost = guarded.cost;
      context.found.operation = guarded.operation.operation;
      operation.context = context;
      operation.type = guarded.operation.operation;
      operation.name = guarded.operation.name?.value ?? null;
      return {
        schema,
        document,
        operationName: operationName ?? null,
        variableValues: variables ?? {},
        contextValue: context,
      };
    } catch (error) {
      return error instanceof DocumentRefused ? error.errors : [asGraphqlError(error)];
    }
  };

  const run = async (args: ExecutionArgs): Promise<ExecutionResult> => {
    const { controller, found } = args.contextValue as GraphqlContext;
    const isChange = () => found.operation === 'mutation';
    const timeoutMs = services.operationTimeoutMs;
    try {
      return await withinDeadline(async () => execute(args), { controller, isChange, timeoutMs });
    } catch (error) {
      return { errors: [asGraphqlError(error)] };
    }
  };

  const follow = async (args: ExecutionArgs): Promise<AsyncIterableIterator<ExecutionResult>> => {
    const result = await createSourceEventStream(args);
    if (Symbol.asyncIterator in result) {
      return services.live.track(answerEvents(result, (event) => execute({ ...args, rootValue: event })));
    }
    return failing(result.errors?.[0] ?? new Error('a subscription ended before it began'));
  };

  const publicError = (operation: Operation | undefined, error: GraphQLError): GraphQLFormattedError => {
    const shown = toPublicError(error);
    logFaults(logger, operation?.requestId, [shown]);
    operation?.codes.add(shown.formatted.extensions?.['code']);
    return shown.formatted;
  };

  const present = (
    peer: Peer,
    payload: SubscribePayload,
    { data, errors }: AnyResult,
  ): FormattedExecutionResult => {
    const operation = peer.operations.get(payload);
    return {
      ...(data !== undefined && { data }),
      ...(errors && { errors: errors.map((error) => publicError(operation, error)) }),
      ...(operation && { extensions: extensionsOf(operation) }),
    };
  };

  const finish = (peer: Peer, payload: SubscribePayload): void => {
    const operation = peer.operations.get(payload);
    if (!operation) return;
    peer.operations.delete(payload);
    operation.controller.abort(callerGone());
    const { context, type, name, startedAt } = operation;
    const codes = [...operation.codes];
    const durationMs = clock.monotonic() - startedAt;
    if (context) logOperation(logger, context, { transport: 'websocket', type, name, durationMs, codes });
  };

  const opened = (socket: WebSocket, request: IncomingMessage): void => {
    const peer: Peer = {
      socket,
      request,
      ip: request.socket.remoteAddress ?? '',
      operations: new Map(),
      actor: null,
      token: null,
      loaders: null,
      expiry: null,
    };
    peers.add(peer);
    const stopKeepAlive = keepAlive(socket, keepAliveMs);
    const flooding = createFloodGate(clock, SOCKET_MESSAGES_PER_SECOND);
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: createOutbox(socket, request.socket),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) => {
          /** Over once an operation that its caller ended is gone: its id may be used again by the next message. */
          let leaving: Promise<unknown> = Promise.resolve();
          socket.on('message', (data: Buffer) => {
            if (flooding()) {
              socket.close(TRY_AGAIN_LATER, 'Try again later');
              return;
            }
            const message = data.toString();
            let handled = leaving.then(() => handle(message));
            if (message.includes('"complete"')) {
              handled = handled.then(() => abandon([...peer.operations.values()].filter(isUnwanted)));
              leaving = handled.catch(() => undefined);
            }
            handled.catch((error: unknown) => {
              if (socket.readyState !== socket.OPEN) return;
              logger.error({ err: error }, 'a websocket message could not be handled');
              socket.close(INTERNAL_ERROR, 'Internal server error');
            });
          });
        },
      },
      peer,
    );
    socket.on('error', (error) => logger.debug({ err: error }, 'a websocket failed'));
    socket.once('close', (code, reason) => {
      stopKeepAlive();
      if (peer.expiry) clearTimeout(peer.expiry);
      peers.delete(peer);
      abandon(peer.operations.values());
      closed(code, reason.toString()).catch((error: unknown) => {
        logger.error({ err: error }, 'a websocket could not be wound up');
      });
    });
  };

  /** Closes the socket of a token that was revoked since. */
  const recheck = async ({ socket, token }: Peer): Promise<void> => {
    if (token === null) return;
    try {
      if ((await services.admin.authenticate(token)) === null) socket.close(FORBIDDEN, 'Forbidden');
    } catch (error) {
      // The database is away: what was good a moment ago stays good until it answers again.
      logger.debug({ err: error }, 'a websocket token could not be checked again');
    }
  };

  // Together, because their tokens are looked up together; none of them when nobody is there.
  const recheckAll = (): void => {
    for (const peer of peers) void recheck(peer);
  };
  const checks = setInterval(recheckAll, SOCKET_TOKEN_CHECK_MS);
  const stopListening = services.bus.subscribe('admin_token.revoked', recheckAll);

  const refuseUpgrade = (request: IncomingMessage): string | null => {
    if (new URL(request.url ?? '/', 'http://local').pathname !== path) return '404 Not Found';
    if (!isOwnOrigin(request)) return '403 Forbidden';
    if (closing || peers.size >= SOCKETS_MAX) return '503 Service Unavailable';
    return null;
  };

  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    stream.on('error', (error) => logger.debug({ err: error }, 'an upgrade failed'));
    const refused = refuseUpgrade(request);
    if (refused !== null) {
      stream.end(`HTTP/1.1 ${refused}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => opened(socket, request));
  };

  return {
    get size() {
      return peers.size;
    },
    attach(server) {
      server.on('upgrade', upgrade);
    },
    async close() {
      closing = true;
      clearInterval(checks);
      stopListening();
      await Promise.all([...peers].map(({ socket }) => closeInTime(socket, GOING_AWAY, 'Going away')));
      sockets.close();
    },
  };
}
