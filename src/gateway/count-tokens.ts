/** `POST /v1/messages/count_tokens`: counted by the provider where it counts, else estimated. Nothing is generated or recorded. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { COUNT_TOKENS_MAX_BYTES, COUNT_TOKENS_TIMEOUT_MS } from '../config/limits.js';
import { estimateInputTokens } from '../protocols/anthropic-messages/index.js';
import { isObject, parsedJson } from '../protocols/fields.js';
import { messagesSurface } from '../protocols/registry.js';
import { classifyFailure, readErrorAnswer } from '../providers/failure.js';
import { DEFAULT_RETRY_ON } from '../routing/defaults.js';
import type { PlannedRoute } from '../routing/plan.js';
import type { KeyEntry } from '../routing/table.js';
import { VaultError } from '../secrets/vault.js';
import { readCallerRequest, type CallerRequest } from './caller-request.js';
import { receive, type ExchangeDeps } from './exchange.js';
import { routeRequest } from './live-routing.js';
import { bytesFor } from './prepare.js';
import { replyFailure, replyJson, requestIdHeaders } from './reply.js';

export const COUNT_TOKENS_PATH = '/v1/messages/count_tokens';

type CountDeps = Pick<ExchangeDeps, 'calls' | 'upstream' | 'live' | 'clock' | 'logger'>;

export interface CountInput {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: KeyEntry;
  readonly requestId: string;
}

export async function serveCountTokens(deps: CountDeps, input: CountInput): Promise<void> {
  const { response, caller, requestId } = input;
  const request = readCallerRequest(messagesSurface, input.request.headers, await receive(input.request));
  const { decision } = await routeRequest(deps.live, { caller, surface: messagesSurface, request });
  const first = decision.candidates.find(({ skip }) => skip === null);
  const planned = first?.route && first.protocol ? { route: first.route, protocol: first.protocol } : null;
  const answer = planned ? await askProvider(deps, planned, request, response) : null;
  const headers = requestIdHeaders(requestId);
  if (answer?.kind === 'counted') return replyJson(response, 200, answer.body, headers);
  if (answer?.kind === 'refused') {
    const { failure } = answer;
    const reply = { failure, attempts: 1, requestId, headers: [], clock: deps.clock };
    return replyFailure(response, messagesSurface.protocol.errors, reply);
  }
  const estimate = estimateInputTokens(request.body.bytes(), request.members);
  replyJson(response, 200, { input_tokens: estimate }, headers);
}

type ProviderAnswer =
  | { readonly kind: 'counted'; readonly body: object }
  /** A mistake of the caller's, which an estimate would only hide. */
  | { readonly kind: 'refused'; readonly failure: ReturnType<typeof classifyFailure> };

/** Null where the provider does not count, or not now. */
async function askProvider(
  deps: CountDeps,
  planned: PlannedRoute,
  request: CallerRequest,
  response: ServerResponse,
): Promise<ProviderAnswer | null> {
  const { offering, connection } = planned.route;
  if (planned.protocol !== 'ANTHROPIC_MESSAGES' || offering.countTokensUrl === undefined) return null;
  try {
    const { headers, conversation } = request;
    const { secret, ...call } = deps.calls.build(planned, {
      headers,
      spoken: 'ANTHROPIC_MESSAGES',
      purpose: 'count-tokens',
      stream: false,
      conversation,
    });
    const { bytes } = bytesFor(planned, { request, surface: messagesSurface });
    const { statusCode, body } = await deps.upstream
      .dispatcherFor(connection.billing)
      .request({ ...call, method: 'POST', body: bytes, signal: untilGoneOrLate(response) });
    const text = await readText(body);
    const parsed = parsedJson(text);
    if (statusCode === 200 && isObject(parsed) && typeof parsed['input_tokens'] === 'number')
      return { kind: 'counted', body: parsed };
    const hints = { retryAfter: null, secret, now: deps.clock.now() };
    const failure = classifyFailure(offering, readErrorAnswer(statusCode, text), hints);
    // What is wrong with the provider or its account an estimate mends.
    return DEFAULT_RETRY_ON.includes(failure.class) ? null : { kind: 'refused', failure };
  } catch (error) {
    const what =
      error instanceof VaultError ? 'a connection secret does not open' : 'a provider did not count tokens';
    deps.logger.warn({ err: error, connectionId: connection.id }, what);
    return null;
  }
}

function untilGoneOrLate(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, AbortSignal.timeout(COUNT_TOKENS_TIMEOUT_MS)]);
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > COUNT_TOKENS_MAX_BYTES) throw new Error('the answer is no count of tokens');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
