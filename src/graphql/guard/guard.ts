/**
 * What stands between a document and its execution, the same on both transports: bounds on its shape, its cost before it
 * runs, and the caller's budget.
 */
import {
  getOperationAST,
  getVariableValues,
  parse,
  validate,
  visit,
  specifiedRules,
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import {
  GRAPHQL_ALIASES_MAX,
  GRAPHQL_COST_MAX,
  GRAPHQL_DEPTH_MAX,
  GRAPHQL_DIRECTIVES_MAX,
  GRAPHQL_MUTATIONS_MAX,
  GRAPHQL_ROOT_FIELDS_MAX,
  GRAPHQL_TOKENS_MAX,
} from '../../config/graphql-limits.js';
import { refusal, withCode } from '../errors.js';
import type { BucketState, CostBuckets } from './cost-buckets.js';
import type { DocumentCache } from './document-cache.js';
import { measureOperation } from './measure.js';

/** How documents are parsed, on both transports. */
export const PARSE_OPTIONS = { maxTokens: GRAPHQL_TOKENS_MAX } as const;

/** What `extensions.cost` of every answer says. */
export interface CostReport {
  readonly requested: number;
  readonly limit: number;
  readonly depth: number;
  readonly bucket: Pick<BucketState, 'limit' | 'remaining' | 'restoreRate'>;
}

/** Parses and validates. Throws the errors as one array-bearing refusal: see {@link DocumentRefused}. */
export function readDocument(schema: GraphQLSchema, source: string, cache?: DocumentCache): DocumentNode {
  const known = cache?.get(source);
  if (known) return known;
  let document: DocumentNode;
  try {
    document = parse(source, PARSE_OPTIONS);
  } catch (error) {
    throw new DocumentRefused([withCode(error, 'GRAPHQL_PARSE_FAILED')]);
  }
  const errors = validate(schema, document, specifiedRules);
  if (errors.length > 0) {
    throw new DocumentRefused(errors.map((error) => withCode(error, 'GRAPHQL_VALIDATION_FAILED')));
  }
  cache?.set(source, document);
  return document;
}

/** A document that cannot be executed, with every reason. */
export class DocumentRefused extends Error {
  override readonly name = 'DocumentRefused';
  constructor(readonly errors: readonly ReturnType<typeof withCode>[]) {
    super(errors[0]?.message);
  }
}

export interface GuardRequest {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
  /** Whose budget pays. */
  readonly tokenId: string;
  readonly costs: CostBuckets;
}

/** Checks a valid document's bounds and charges its cost. Throws a GraphQL error with code and HTTP status. */
export function guardOperation(request: GuardRequest): {
  operation: OperationDefinitionNode;
  cost: CostReport;
} {
  const { schema, document, costs, tokenId } = request;
  checkCounts(document);
  const operation = getOperationAST(document, request.operationName);
  if (!operation) {
    throw refusal('OPERATION_RESOLUTION_FAILURE', operationProblem(document, request.operationName));
  }
  const variables = readVariables(schema, operation, request.variables ?? {});
  const { cost, depth, rootFields } = measureOperation(schema, document, operation, variables);
  if (depth > GRAPHQL_DEPTH_MAX) {
    throw refusal('QUERY_TOO_DEEP', `The operation nests ${depth} levels; ${GRAPHQL_DEPTH_MAX} are allowed.`);
  }
  const rootFieldsMax = operation.operation === 'mutation' ? GRAPHQL_MUTATIONS_MAX : GRAPHQL_ROOT_FIELDS_MAX;
  if (rootFields > rootFieldsMax) {
    throw refusal(
      'TOO_MANY_ROOT_FIELDS',
      `The ${operation.operation} has ${rootFields} root fields; ${rootFieldsMax} are allowed.`,
    );
  }
  if (cost > GRAPHQL_COST_MAX) {
    throw refusal(
      'QUERY_TOO_COMPLEX',
      `The operation costs ${cost} points; ${GRAPHQL_COST_MAX} are allowed. Ask for fewer items or fields.`,
    );
  }
  const refused = costs.charge(tokenId, cost);
  if (refused) {
    throw refusal(
      'RATE_LIMITED',
      `This token's budget of query cost is used up; retry in ${refused.retryAfterSeconds} s.`,
      refused,
    );
  }
  return { operation, cost: costReport(costs, tokenId, cost, depth) };
}

/** What an operation cost, or that one that was refused cost nothing, and what the token has left. */
export function costReport(costs: CostBuckets, tokenId: string, requested = 0, depth = 0): CostReport {
  const { limit, remaining, restoreRate } = costs.state(tokenId);
  return { requested, limit: GRAPHQL_COST_MAX, depth, bucket: { limit, remaining, restoreRate } };
}

/** What can be told of a document before its variables are known. */
interface Counts {
  readonly aliases: number;
  readonly directives: number;
  readonly hasUnstorable: boolean;
}

const counted = new WeakMap<DocumentNode, Counts>();

function countsOf(document: DocumentNode): Counts {
  const known = counted.get(document);
  if (known) return known;
  let aliases = 0;
  let directives = 0;
  let hasUnstorable = false;
  visit(document, {
    Field: (node) => {
      if (node.alias) aliases++;
    },
    Directive: () => {
      directives++;
    },
    StringValue: ({ value }) => {
      hasUnstorable ||= !isStorable(value);
    },
  });
  const counts = { aliases, directives, hasUnstorable };
  counted.set(document, counts);
  return counts;
}

function checkCounts(document: DocumentNode): void {
  const { aliases, directives, hasUnstorable } = countsOf(document);
  if (hasUnstorable) throw unstorableRefused();
  if (aliases > GRAPHQL_ALIASES_MAX) {
    throw refusal(
      'TOO_MANY_ALIASES',
      `The document has ${aliases} aliases; ${GRAPHQL_ALIASES_MAX} are allowed.`,
    );
  }
  if (directives > GRAPHQL_DIRECTIVES_MAX) {
    throw refusal(
      'TOO_MANY_DIRECTIVES',
      `The document has ${directives} directives; ${GRAPHQL_DIRECTIVES_MAX} are allowed.`,
    );
  }
}

function operationProblem(document: DocumentNode, operationName: string | null | undefined): string {
  if (operationName) return `The document has no operation named "${operationName}".`;
  return document.definitions.some((node) => node.kind === 'OperationDefinition')
    ? 'The document has several operations; say which with `operationName`.'
    : 'The document has no operation.';
}

/** Variables with their defaults, as far as they are valid: execution reports those that are not. */
function readVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const values = getVariableValues(schema, operation.variableDefinitions ?? [], given, { maxErrors: 50 });
  if (values.errors) throw withCode(values.errors[0], 'BAD_USER_INPUT');
  refuseUnstorable(values.coerced);
  return values.coerced ?? {};
}

/** What Postgres keeps in no text, or in no JSON: nothing that is named has either. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** Whether a text can be kept, and so whether anything can have it. */
export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}

function refuseUnstorable(value: unknown): void {
  if (typeof value === 'string') {
    if (!isStorable(value)) throw unstorableRefused();
  } else if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) refuseUnstorable(part);
  }
}

function unstorableRefused(): GraphQLError {
  return refusal('BAD_USER_INPUT', 'Text must not contain the character U+0000 or half of a surrogate pair.');
}
