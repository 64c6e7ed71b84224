/** Builders of simulations of providers that speak OpenAI's dialect: their own manners are data. */
import { chatAnswer, type ChatUsageStyle } from './chat-answer.js';
import { embeddingsAnswer } from './embeddings-answer.js';
import { messagesAnswer } from './messages-answer.js';
import type { Objection } from './objections.js';
import { responsesAnswer } from './responses-answer.js';
import {
  inAnthropicForm,
  json,
  type KeyState,
  type RecordedFailure,
  refusal,
  type Reply,
  type SimulatedKeys,
  type SimulatedModel,
  type SimulatedRoute,
  type Simulation,
} from './simulation.js';

type Refuse = SimulatedRoute['refuse'];
type AuthForms = SimulatedRoute['auth'];

/** What a simulated provider of OpenAI's dialect has of its own. */
export interface OpenAiCompatibleSimulation {
  readonly slug: string;
  readonly origins: Simulation['origins'];
  readonly keys: SimulatedKeys;
  readonly models: readonly SimulatedModel[];
  /** Path up to and including the version: `/v1`. */
  readonly base: string;
  readonly usage: ChatUsageStyle;
  /** Its own refusals; they replace and extend {@link OPENAI_FAILURES}. `bad-key` answers every key that is not good. */
  readonly failures?: Readonly<Record<string, RecordedFailure>>;
  /** The plan's allowance, where it can be read with the key. */
  readonly quota?: Simulation['quota'];
  /** An entry of its list; OpenAI's own fields when left out. */
  readonly listed?: (model: SimulatedModel) => unknown;
  /** Whether the list does not ask for a key. */
  readonly publicList?: boolean;
  /** What it refuses in chat requests that others take. */
  readonly objects?: Objection;
  /** Path of the list; `/models` under the base when left out. */
  readonly listPath?: string;
  /** Paths of the other formats it speaks. */
  readonly messagesPath?: string;
  readonly responsesPath?: string;
  /** Whether it embeds, at `/embeddings` under the base. */
  readonly embeds?: boolean;
  /** Further paths: accounts, quota, other products; of two with the same path, these win. */
  readonly routes?: readonly SimulatedRoute[];
  /** Answers keys that are not good where that depends on their state; `bad-key` when left out. */
  readonly refuse?: Refuse;
  /** By offering; an `AUTHENTICATION` failure for every wrong key when left out. */
  readonly verdicts?: Simulation['verdicts'];
}

/** An error in OpenAI's form. */
export function openAiError(message: string, type: string, code: string | null = null): unknown {
  return { error: { message, type, param: null, code } };
}

/** Refusals of OpenAI's dialect in the words that most providers copied. */
export const OPENAI_FAILURES = {
  'bad-key': {
    status: 401,
    body: openAiError('Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'),
    class: 'AUTHENTICATION',
  },
  'unknown-model': {
    status: 404,
    body: openAiError('The model does not exist.', 'invalid_request_error', 'model_not_found'),
    class: 'MODEL_NOT_FOUND',
  },
  'rate-limit': {
    status: 429,
    body: openAiError('Rate limit reached.', 'requests', 'rate_limit_exceeded'),
    headers: { 'retry-after': '2' },
    class: 'RATE_LIMITED',
  },
  'prompt-too-long': {
    status: 400,
    body: openAiError(
      "This model's maximum context length is 131072 tokens. However, your messages resulted in 140001 tokens.",
      'invalid_request_error',
      'context_length_exceeded',
    ),
    class: 'CONTEXT_LENGTH',
  },
  'server-error': {
    status: 500,
    body: openAiError('The server had an error while processing your request.', 'server_error'),
    class: 'UPSTREAM_ERROR',
  },
} as const satisfies Record<string, RecordedFailure>;

/** A simulation with a list, chat completions and whatever else is named. */
export function openAiCompatibleSimulation(own: OpenAiCompatibleSimulation): Simulation {
  const failures: Record<string, RecordedFailure> = { ...OPENAI_FAILURES, ...own.failures };
  const refuse = own.refuse ?? refuseWith(failures['bad-key'] ?? OPENAI_FAILURES['bad-key']);
  const { slug, base, messagesPath, responsesPath } = own;
  return {
    slug,
    origins: own.origins,
    keys: own.keys,
    models: own.models,
    routes: [
      ...(own.routes ?? []),
      listRoute(own.listPath ?? `${base}/models`, {
        ...(own.listed && { listed: own.listed }),
        ...(own.publicList ? {} : { refuse }),
      }),
      generationRoute(`${base}/chat/completions`, refuse, (call) => {
        const objection = own.objects?.(call.body) ?? null;
        return objection ? refusal(objection) : chatAnswer(call, slug, own.usage);
      }),
      ...(responsesPath === undefined
        ? []
        : [generationRoute(responsesPath, refuse, (call) => responsesAnswer(call, slug))]),
      ...(own.embeds ? [embeddingsRoute(`${base}/embeddings`, slug, refuse)] : []),
      ...(messagesPath === undefined ? [] : [messagesRoute(messagesPath, slug, refuse)]),
    ],
    failures,
    ...(own.quota && { quota: own.quota }),
    verdicts: own.verdicts ?? verdictsOf(own),
  };
}

/** Answers every key that is not good with the same refusal. */
export function refuseWith(failure: RecordedFailure): Refuse {
  return () => refusal(failure);
}

/** As {@link refuseWith}, for a server that needs no key: it minds a wrong one only. */
export function refuseOnlyWrong(failure: RecordedFailure): Refuse {
  return (state: KeyState) => (state === 'missing' ? null : refusal(failure));
}

export interface ListManners {
  /** How it answers keys that are not good; it is public when left out. */
  readonly refuse?: Refuse;
  readonly listed?: (model: SimulatedModel) => unknown;
  /** The offering whose models it lists, where lists differ. */
  readonly offering?: string;
}

/** A model list of OpenAI's shape. */
export function listRoute(
  path: string,
  { refuse, listed = plainEntry, offering }: ListManners = {},
): SimulatedRoute {
  return {
    use: 'models',
    method: 'GET',
    path,
    auth: refuse ? ['bearer'] : [],
    refuse: refuse ?? (() => null),
    serve: ({ models }) => {
      const own = models.filter(
        ({ offerings }) => offering === undefined || (offerings?.includes(offering) ?? true),
      );
      return json({ object: 'list', data: own.map(listed) });
    },
  };
}

/** A path that generates. */
export function generationRoute(
  path: string,
  refuse: Refuse,
  serve: SimulatedRoute['serve'],
  auth: AuthForms = ['bearer'],
): SimulatedRoute {
  return { use: 'generation', method: 'POST', path, auth, refuse, serve };
}

/** OpenAI's embeddings. */
export function embeddingsRoute(path: string, slug: string, refuse: Refuse): SimulatedRoute {
  return generationRoute(path, refuse, (call) => embeddingsAnswer(call, slug));
}

/** Anthropic's Messages, with refusals worded in Anthropic's form; the key is taken in either header. */
export function messagesRoute(path: string, slug: string, refuse: Refuse): SimulatedRoute {
  const route = generationRoute(path, refuse, (call): Reply => messagesAnswer(call, slug), [
    'x-api-key',
    'bearer',
  ]);
  return { ...route, phrase: (failure) => inAnthropicForm(failure, errorFieldsOf(failure.body)) };
}

/** What OpenAI's list states of a model. */
export function plainEntry({ id }: SimulatedModel): Record<string, unknown> {
  return { id, object: 'model', created: 1_786_665_600, owned_by: 'simulated' };
}

function errorFieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  const error = (body as { error?: unknown } | null)?.error;
  if (typeof error !== 'object' || error === null) return { message: String(error ?? body) };
  const { type: _, param: __, ...fields } = error as Record<string, unknown>;
  return fields;
}

function verdictsOf({ origins, keys }: OpenAiCompatibleSimulation): Simulation['verdicts'] {
  const wrongProduct = keys.wrongProduct === null ? null : 'AUTHENTICATION';
  return Object.fromEntries(
    Object.keys(origins).map((offering) => [offering, { bad: 'AUTHENTICATION', wrongProduct }]),
  );
}
