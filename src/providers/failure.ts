/** Reads what an error answer says, whatever its shape, and classifies it by the provider's own words first. */
import { FAILURE_MESSAGE_MAX_CHARS } from '../config/limits.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { FailureClass } from '../domain/vocabulary.js';
import type { ErrorAnswer, FailureRule, OfferingDefinition, VerifyProbe } from './define-provider.js';
import { maskAccountDetails, withoutSecret } from './mask.js';

/** What stands beside an answer's body. */
export interface AnswerHints {
  /** `retry-after` as it was sent; null without one. */
  readonly retryAfter: string | null;
  /** `retry-after-ms` as it was sent. */
  readonly retryAfterMs?: string | null;
  /** What the call was made with, should the provider repeat it. */
  readonly secret?: string | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A later retry than this is not believed: no plan has a window longer than a month. */
const RETRY_MAX_MS = 32 * 24 * 3_600_000;

type Fields = Readonly<Record<string, unknown>>;

/** The error an answer carries: from JSON of any provider's shape, or from plain text. */
export function readErrorAnswer(status: number, bodyText: string): ErrorAnswer {
  const body = parseJson(bodyText);
  const fields = fieldsOf(Array.isArray(body) ? body[0] : body);
  if (!fields) return { status, code: null, type: null, message: plainMessage(status, bodyText), body };
  const said = errorFields(fields);
  return {
    status,
    code: textOf(said['code']) ?? textOf(said['status_code']),
    type: typeName(said['type']),
    message:
      nonEmpty(said['message']) ??
      nonEmpty(said['msg']) ??
      nonEmpty(said['status_msg']) ??
      nonEmpty(said['detail']) ??
      asText(said['message'] ?? said['detail']) ??
      nonEmpty(said['title']) ??
      // A message that is an object still says more than the status.
      (fieldsOf(said['message']) ? JSON.stringify(said['message']) : null) ??
      `HTTP ${status}`,
    body,
  };
}

/** Whether the body of an answer with a 2xx status, or a frame of its stream, is an error nevertheless. */
export function isErrorBody(body: unknown): boolean {
  const fields = fieldsOf(body);
  if (!fields) return false;
  const error = fields['error'];
  if (fieldsOf(error) || nonEmpty(error) !== null) return true;
  if (fields['type'] === 'error' || fields['type'] === 'response.failed') return true;
  if (fields['success'] === false) return true;
  const businessStatus = fieldsOf(fields['base_resp'])?.['status_code'];
  if (typeof businessStatus === 'number' && businessStatus !== 0) return true;
  const code = textOf(fields['code']);
  const explained = nonEmpty(fields['msg']) !== null || nonEmpty(fields['message']) !== null;
  return code !== null && explained && !SUCCESS_CODES.has(code) && !('choices' in fields);
}

/** Class, wording and earliest retry of a refusal: the offering's rules in their order, then what providers have in common. */
export function classifyFailure(
  offering: Pick<OfferingDefinition, 'failures'>,
  answer: ErrorAnswer,
  hints: AnswerHints,
): UpstreamFailure {
  const rule = offering.failures.find((candidate) => matches(candidate, answer));
  return {
    class: rule?.class ?? generalClass(answer),
    httpStatus: answer.status,
    message: cut(maskAccountDetails(withoutSecret(answer.message, hints.secret ?? ''))),
    retryAt: statedRetry(hints) ?? retryInWords(rule, answer.message, hints.now),
    ...(rule?.scope && { scope: rule.scope }),
  };
}

/** What a verification call showed: null when it proves the credential. */
export function judgeProbe(
  offering: Pick<OfferingDefinition, 'failures' | 'verifyAnswer'>,
  probe: VerifyProbe,
  answer: { readonly status: number; readonly bodyText: string },
  hints: AnswerHints,
): UpstreamFailure | null {
  const body = parseJson(answer.bodyText);
  const succeeded = answer.status >= 200 && answer.status < 300;
  if (succeeded && !isErrorBody(body)) {
    const objection = offering.verifyAnswer?.(body) ?? null;
    return objection && { ...objection, httpStatus: answer.status, retryAt: null };
  }
  const error = readErrorAnswer(answer.status, answer.bodyText);
  if (error.type !== null && probe.toleratedTypes?.includes(error.type)) return null;
  const failure = classifyFailure(offering, error, hints);
  return probe.toleratedClasses?.includes(failure.class) ? null : failure;
}

const SUCCESS_CODES = new Set(['0', '200', 'success', 'Success']);

/** Validators list what they object to in place of a sentence. */
function asText(value: unknown): string | null {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : null;
}

function errorFields(fields: Fields): Fields {
  const nested =
    fieldsOf(fields['error']) ??
    fieldsOf(fieldsOf(fields['response'])?.['error']) ??
    // Web frameworks list everything that is wrong with a request; the first is enough.
    fieldsOf(Array.isArray(fields['detail']) ? fields['detail'][0] : fields['detail']);
  if (nested) return nested;
  const text = nonEmpty(fields['error']);
  if (text !== null) return { code: fields['code'] ?? fields['status'], type: fields['type'], message: text };
  return fieldsOf(fields['base_resp']) ?? fields;
}

function matches(rule: FailureRule, answer: ErrorAnswer): boolean {
  if (rule.status !== undefined && rule.status !== answer.status) return false;
  if (rule.codes && (answer.code === null || !rule.codes.includes(answer.code))) return false;
  if (rule.types && (answer.type === null || !rule.types.includes(answer.type))) return false;
  return rule.message === undefined || rule.message.test(answer.message);
}

/** Names that providers with OpenAI's or Anthropic's error form share, as code or as type. */
const NAMED: Readonly<Record<string, FailureClass>> = {
  authentication_error: 'AUTHENTICATION',
  invalid_authentication_error: 'AUTHENTICATION',
  invalid_api_key: 'AUTHENTICATION',
  billing_error: 'BILLING',
  insufficient_balance: 'BILLING',
  insufficient_quota: 'BILLING',
  rate_limit_error: 'RATE_LIMITED',
  rate_limit_exceeded: 'RATE_LIMITED',
  overloaded_error: 'UPSTREAM_ERROR',
  server_error: 'UPSTREAM_ERROR',
  model_not_found: 'MODEL_NOT_FOUND',
  context_length_exceeded: 'CONTEXT_LENGTH',
  request_too_large: 'CONTEXT_LENGTH',
  content_filter: 'CONTENT_POLICY',
  content_policy_violation: 'CONTENT_POLICY',
};

const TOO_LONG =
  /context (?:length|window|limit)|maximum context|prompt is too long|(?:prompt|input|request)\b.{0,40}\b(?:too (?:long|large)|exceed(?:s|ed)?)\b.{0,40}\b(?:context|token|limit|length)/i;
const NO_SUCH_MODEL =
  /\bmodel\b.{0,80}\b(?:not found|not exist|unknown|not supported|unsupported)\b|\bunknown model\b/i;

function generalClass(answer: ErrorAnswer): FailureClass {
  for (const name of [answer.code, answer.type]) {
    const known = name === null ? undefined : NAMED[name];
    if (known) return known;
  }
  const status = effectiveStatus(answer);
  if (status < 500 && TOO_LONG.test(answer.message)) return 'CONTEXT_LENGTH';
  if (status === 400 && NO_SUCH_MODEL.test(answer.message)) return 'MODEL_NOT_FOUND';
  return classOfStatus(status);
}

function classOfStatus(status: number): FailureClass {
  switch (status) {
    case 401: // Unauthorized
    case 403: // Forbidden
      return 'AUTHENTICATION';
    case 402: // Payment Required
      return 'BILLING';
    case 404: // Not Found
      return 'MODEL_NOT_FOUND';
    case 408: // Request Timeout
    case 504: // Gateway Timeout
      return 'TIMEOUT';
    case 413: // Content Too Large
      return 'CONTEXT_LENGTH';
    case 429: // Too Many Requests
      return 'RATE_LIMITED';
    default:
      return status >= 400 && status < 500 ? 'INVALID_REQUEST' : 'UPSTREAM_ERROR';
  }
}

/** Errors that come with a 2xx status often carry the status they mean as their code. */
function effectiveStatus(answer: ErrorAnswer): number {
  if (answer.status >= 400) return answer.status;
  const stated = Number(answer.code);
  return stated >= 400 && stated < 600 ? stated : answer.status;
}

function statedRetry({ retryAfter, retryAfterMs, now }: AnswerHints): number | null {
  const milliseconds = decimal(retryAfterMs);
  if (milliseconds !== null) return believable(now + milliseconds, now);
  const seconds = decimal(retryAfter);
  if (seconds !== null) return believable(now + seconds * 1000, now);
  return retryAfter === null ? null : believable(Date.parse(retryAfter), now);
}

/** The provider's own way to name a time, else the common one: `Please try again in 1m12.5s.` */
function retryInWords(rule: FailureRule | undefined, message: string, now: number): number | null {
  if (rule?.resetAt) return believable(rule.resetAt(message, now), now);
  const [, span] = TRY_AGAIN.exec(message) ?? [];
  if (span === undefined) return null;
  const parts = [...span.matchAll(SPAN_PART)];
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  return believable(now + ms, now);
}

const TRY_AGAIN = /\btry again in ((?:\d+(?:\.\d+)?(?:ms|[smhd])\s?)+)/i;
const SPAN_PART = /(\d+(?:\.\d+)?)(ms|[smhd])/gi;
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function decimal(text: string | null | undefined): number | null {
  return text && /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : null;
}

function believable(time: number | null, now: number): number | null {
  return time !== null && time >= now && time <= now + RETRY_MAX_MS ? Math.ceil(time) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function plainMessage(status: number, text: string): string {
  const title = /<title>([^<]*)<\/title>/i.exec(text)?.[1];
  const words = (title ?? text.replace(/<[^>]*>/g, ' ')).replace(/\s+/g, ' ').trim();
  return words === '' ? `HTTP ${status}` : words;
}

function cut(message: string): string {
  if (message.length <= FAILURE_MESSAGE_MAX_CHARS) return message;
  return `${message.slice(0, FAILURE_MESSAGE_MAX_CHARS - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'number' ? String(value) : nonEmpty(value);
}

/** The wrapper's own `error` says nothing about the kind of error. */
function typeName(value: unknown): string | null {
  const name = nonEmpty(value);
  return name === 'error' || name === 'response.failed' ? null : name;
}

function nonEmpty(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}
