/** GraphQL over HTTP: Apollo Server, with the same guard, masking and extensions as websockets have. */
import {
  ApolloServer,
  HeaderMap,
  type ApolloServerOptions,
  type ApolloServerPlugin,
  type GraphQLResponse,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import type { GraphqlContext, GraphqlServices } from './context.js';
import { refusal, statusOfCode, toPublicError } from './errors.js';
import { tokenIdOf } from './guard/cost-buckets.js';
import type { DocumentCache } from './guard/document-cache.js';
import { guardOperation, PARSE_OPTIONS } from './guard/guard.js';
import { extensionsOf, logFaults, logOperation } from './report.js';

export async function startApollo(
  schema: GraphQLSchema,
  services: GraphqlServices,
  documents: DocumentCache,
): Promise<ApolloServer<GraphqlContext>> {
  const apollo = new ApolloServer<GraphqlContext>({
    schema,
    parseOptions: PARSE_OPTIONS,
    plugins: [
      guardPlugin(schema),
      reportPlugin(services),
      // Apollo's own page loads from the network; ours does not.
      ApolloServerPluginLandingPageDisabled(),
      // Answers are never cached, and looking at every field for how long they might be is not free.
      ApolloServerPluginCacheControlDisabled(),
    ],
    formatError: (_formatted, error) => toPublicError(error).formatted,
    // Every caller of a document is signed in by then.
    introspection: true,
    csrfPrevention: true,
    persistedQueries: false,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    documentStore: documentStore(documents),
    nodeEnv: 'production',
    logger: services.logger,
  });
  await apollo.start();
  return apollo;
}

/** The cache in the form that Apollo asks for; it puts in what it found valid. */
function documentStore({
  get,
  set,
}: DocumentCache): NonNullable<ApolloServerOptions<GraphqlContext>['documentStore']> {
  return {
    get: (key) => Promise.resolve(get(key)),
    set: (key, document) => Promise.resolve(set(key, document)),
    delete: () => Promise.resolve(false),
  };
}

function guardPlugin(schema: GraphQLSchema): ApolloServerPlugin<GraphqlContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ document, request, contextValue }) => {
          const { services, caller } = contextValue;
          const { operation, cost } = guardOperation({
            schema,
            document,
            operationName: request.operationName,
            variables: request.variables,
            tokenId: tokenIdOf(caller.actor),
            costs: services.costs,
          });
          contextValue.cost = cost;
          contextValue.found.operation = operation.operation;
          if (operation.operation === 'subscription') {
            throw refusal(
              'BAD_REQUEST',
              'Subscriptions run over a websocket (graphql-transport-ws) at this same path.',
            );
          }
          return Promise.resolve();
        },
      }),
  };
}

function reportPlugin({ logger, clock }: GraphqlServices): ApolloServerPlugin<GraphqlContext> {
  return {
    requestDidStart: () => {
      const startedAt = clock.monotonic();
      return Promise.resolve({
        didEncounterErrors: ({ errors, contextValue }) => {
          logFaults(logger, contextValue.requestId, errors.map(toPublicError));
          return Promise.resolve();
        },
        willSendResponse: ({ response, contextValue, operation, operationName }) => {
          if (response.body.kind !== 'single') return Promise.resolve();
          const { singleResult } = response.body;
          singleResult.extensions = { ...singleResult.extensions, ...extensionsOf(contextValue) };
          logOperation(logger, contextValue, {
            transport: 'http',
            type: operation?.operation ?? 'unknown',
            name: operationName,
            durationMs: clock.monotonic() - startedAt,
            codes: (singleResult.errors ?? []).map(({ extensions }) => extensions?.['code']),
          });
          const [error] = singleResult.errors ?? [];
          if (error && (singleResult.data === undefined || singleResult.data === null)) {
            setStatus(response.http, error);
          }
          return Promise.resolve();
        },
      });
    },
  };
}

/** An answer without data has the status of its first error. */
function setStatus(http: GraphQLResponse['http'], { extensions }: GraphQLFormattedError): void {
  http.status = statusOfCode(extensions?.['code']);
  http.headers ??= new HeaderMap();
  const seconds = extensions?.['retryAfterSeconds'];
  if (typeof seconds === 'number') http.headers.set('retry-after', String(seconds));
}
