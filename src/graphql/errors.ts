/** Errors of the admin API: which codes there are, and what of an error a caller gets to see. */
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AppError, ERROR_STATUS } from '../domain/errors.js';
import { isDatabaseAway } from '../persistence/database-errors.js';

/** Every code a top-level error of the admin API can carry, with the HTTP status of an answer that has no data for it. */
export const GRAPHQL_ERROR_STATUS = {
  BAD_REQUEST: ERROR_STATUS.BAD_REQUEST,
  BAD_USER_INPUT: ERROR_STATUS.BAD_USER_INPUT,
  GRAPHQL_PARSE_FAILED: 400,
  GRAPHQL_VALIDATION_FAILED: 400,
  OPERATION_RESOLUTION_FAILURE: 400,
  QUERY_TOO_DEEP: 400,
  QUERY_TOO_COMPLEX: 400,
  TOO_MANY_ALIASES: 400,
  TOO_MANY_DIRECTIVES: 400,
  TOO_MANY_ROOT_FIELDS: 400,
  UNAUTHENTICATED: ERROR_STATUS.UNAUTHENTICATED,
  FORBIDDEN: ERROR_STATUS.FORBIDDEN,
  NOT_FOUND: ERROR_STATUS.NOT_FOUND,
  METHOD_NOT_ALLOWED: ERROR_STATUS.METHOD_NOT_ALLOWED,
  PAYLOAD_TOO_LARGE: ERROR_STATUS.PAYLOAD_TOO_LARGE,
  RATE_LIMITED: ERROR_STATUS.RATE_LIMITED,
  TOO_MANY_SUBSCRIPTIONS: ERROR_STATUS.RATE_LIMITED,
  INTERNAL_SERVER_ERROR: ERROR_STATUS.INTERNAL_SERVER_ERROR,
  SERVICE_UNAVAILABLE: ERROR_STATUS.SERVICE_UNAVAILABLE,
  TIMEOUT: ERROR_STATUS.TIMEOUT,
} as const;

export type GraphqlErrorCode = keyof typeof GRAPHQL_ERROR_STATUS;

/** HTTP status for a code as it stands in an answer. */
export function statusOfCode(code: unknown): number {
  return typeof code === 'string' && Object.hasOwn(GRAPHQL_ERROR_STATUS, code)
    ? GRAPHQL_ERROR_STATUS[code as GraphqlErrorCode]
    : GRAPHQL_ERROR_STATUS.INTERNAL_SERVER_ERROR;
}

/** A refusal of an operation before it runs. */
export function refusal(
  code: GraphqlErrorCode,
  message: string,
  details: { readonly retryAfterSeconds?: number } = {},
): GraphQLError {
  return new GraphQLError(message, { extensions: { code, ...details } });
}

/** A document's or variable's error with our code, at its place in the document. */
export function withCode(error: unknown, code: GraphqlErrorCode): GraphQLError {
  if (!(error instanceof GraphQLError)) return refusal(code, 'The document cannot be read.');
  const { message, nodes = null, source = null, positions = null } = error;
  return new GraphQLError(message, { nodes, source, positions, extensions: { code } });
}

/** Any caught value as an error that GraphQL can carry. */
export function asGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const originalError = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(originalError.message, { originalError });
}

export interface PublicError {
  /** What the caller sees. */
  readonly formatted: GraphQLFormattedError;
  /** What only the log sees; null when the caller's mistake is all there is. */
  readonly cause: unknown;
}

/** Separates what of an error is for the caller from what is for the log. */
export function toPublicError(error: unknown): PublicError {
  const graphqlError = error instanceof GraphQLError ? error : null;
  const place = graphqlError ? placeOf(graphqlError) : {};
  const origin = graphqlError ? originOf(graphqlError) : error;

  const {
    http: _http,
    stacktrace: _stacktrace,
    ...given
  } = origin instanceof GraphQLError ? { ...origin.extensions, ...graphqlError?.extensions } : {};
  if (origin instanceof GraphQLError && (given['code'] !== undefined || hasPlaceInDocument(origin))) {
    const code = given['code'] ?? 'BAD_USER_INPUT';
    return {
      formatted: { message: origin.message, ...place, extensions: { ...given, code } },
      cause: null,
    };
  }
  const known = asAppError(origin);
  const extensions = {
    code: known.code,
    ...(known.field && { field: known.field }),
    ...(known.retryAfterSeconds !== undefined && { retryAfterSeconds: known.retryAfterSeconds }),
  };
  return { formatted: { message: known.message, ...place, extensions }, cause: known.cause ?? null };
}

/** Any caught value as an error of ours, where a database that is away is told from a fault that will not pass. */
export function asAppError(value: unknown): AppError {
  const error = AppError.from(value);
  if (error.code !== 'INTERNAL_SERVER_ERROR' || !isDatabaseAway(error)) return error;
  return new AppError('SERVICE_UNAVAILABLE', 'The database does not answer; try again in a moment.', {
    retryAfterSeconds: 1,
    cause: error.cause,
  });
}

/** What GraphQL itself finds wrong with a document has a place in it; else it complains of what a resolver answered. */
function hasPlaceInDocument({ nodes, source }: GraphQLError): boolean {
  return nodes !== undefined || source !== undefined;
}

function originOf(error: GraphQLError): unknown {
  let origin: unknown = error;
  while (origin instanceof GraphQLError && origin.originalError) origin = origin.originalError;
  return origin;
}

function placeOf({ locations, path }: GraphQLError): Pick<GraphQLFormattedError, 'locations' | 'path'> {
  return { ...(locations && { locations }), ...(path && { path }) };
}
