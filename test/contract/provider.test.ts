/** What every provider module promises, checked over real HTTP against its simulated provider. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { factsFor } from '../../src/discovery/catalog/catalog.js';
import { describeModel } from '../../src/discovery/describe-model.js';
import { listModels } from '../../src/discovery/list-models.js';
import { createCredentialProbe } from '../../src/discovery/probe.js';
import { systemClock } from '../../src/domain/clock.js';
import type { UpstreamFailure } from '../../src/domain/failure.js';
import type { ModelKind, WireProtocol } from '../../src/domain/vocabulary.js';
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.js';
import type { AnswerStreamDecoder } from '../../src/protocols/dialect.js';
import { geminiProvider } from '../../src/protocols/gemini/index.js';
import { openaiChat } from '../../src/protocols/openai-chat/index.js';
import type { StreamReader } from '../../src/protocols/protocol.js';
import { NO_QUIRKS, type Target } from '../../src/protocols/target.js';
import { tokensOf } from '../../src/protocols/usage.js';
import { callableProtocols } from '../../src/providers/callable-protocols.js';
import { credentialHeader } from '../../src/providers/credential-header.js';
import type { Endpoint, ListedModel } from '../../src/providers/define-provider.js';
import { classifyFailure, isErrorBody, readErrorAnswer } from '../../src/providers/failure.js';
import { allProviders } from '../../src/providers/registry.js';
import { addressOf, callUrl } from '../../src/providers/urls.js';
import { createHttpGet } from '../../src/upstream/http-get.js';
import {
  type LoggedRequest,
  SIMULATED_SLUGS,
  type SimulatedProvider,
  simulationOf,
  startSimulatedProvider,
} from '../support/providers/simulated-provider.js';

const PREFIX = '/behind/a/proxy';
const SESSION = 'conversation-1';
/** Formats whose streams are read. */
const FORMATS = [openaiChat, anthropicMessages];
/** Only names the model whose thoughts a stream holds. */
const SOME_TARGET: Target = {
  model: 'some/model',
  upstreamId: 'model',
  maxOutputTokens: null,
  capabilities: [],
  quirks: NO_QUIRKS,
};
const HINTS = { retryAfter: null, now: Date.parse('2026-08-12T08:00:00Z') };

const http = createHttpGet({ allowPrivateUpstreams: true, userAgent: 'switchyard' });
const deps = { http, clock: systemClock };
const probe = createCredentialProbe(deps);
afterAll(() => http.close());

test('every registered provider is simulated, and nothing else is', () => {
  expect(SIMULATED_SLUGS.toSorted()).toEqual(allProviders().map(({ slug }) => slug));
});

const contracts = allProviders().flatMap((provider) =>
  provider.offerings.map((offering) => ({ name: `${provider.slug}/${offering.code}`, provider, offering })),
);

describe.each(contracts)('$name', ({ provider, offering }) => {
  const simulation = simulationOf(provider.slug);
  const verdict = simulation.verdicts[offering.code];
  const regions = offering.regions.length > 0 ? offering.regions.map(({ code }) => code) : [null];
  const needsKey = offering.credential !== 'NONE';
  const truthOf = (id: string) => simulation.models.find((model) => model.id === id);
  let simulated: SimulatedProvider;
  let usualKey: string | null;
  let models: readonly ListedModel[];

  const access = (secret: string | null) => ({
    offering,
    settings: { region: null, baseUrl: simulated.url },
    secret,
  });
  const verify = (secret: string | null): Promise<UpstreamFailure | null> => probe(access(secret));
  const kindOf = (id: string): ModelKind => truthOf(id)?.kind ?? 'CHAT';
  /** Models that can be called in a format. */
  const modelsFor = (protocol: WireProtocol): readonly string[] =>
    models
      .map(({ upstreamId }) => upstreamId)
      .filter((id) => callableProtocols(offering, id, kindOf(id)).includes(protocol));
  const generate = async (
    { protocol, auth }: Endpoint,
    url: string,
    { headers: extra = {}, model = modelsFor(protocol)[0], say = '[say pong]', stream = false }: Wanted = {},
  ): Promise<Answer> => {
    if (model === undefined) throw new Error(`no listed model of ${offering.code} speaks ${protocol}`);
    const session = offering.sessionHeader === null ? {} : { [offering.sessionHeader]: SESSION };
    const headers = {
      ...(usualKey === null ? {} : credentialHeader(auth, usualKey)),
      ...session,
      'content-type': 'application/json',
      ...extra,
    };
    const address = callUrl(url, { upstreamId: model, stream });
    const options = offering.quirks?.(model).noStreamOptions !== true;
    const body = JSON.stringify({
      ...requestIn(protocol, model, say),
      ...(stream && protocol !== 'GEMINI' && { stream }),
      ...(stream && protocol === 'OPENAI_CHAT' && options && { stream_options: { include_usage: true } }),
    });
    return answerOf(await fetch(address, { method: 'POST', headers, body }));
  };
  const addressOn = (url: string): string =>
    addressOf(offering, url, { region: null, baseUrl: simulated.url });

  beforeAll(async () => {
    simulated = await startSimulatedProvider(provider.slug, { prefix: PREFIX });
    usualKey = needsKey ? simulated.keys.good : null;
    const listing = await listModels(deps, access(usualKey));
    models = listing.ok ? listing.models : [];
  });
  beforeEach(() => {
    simulated.setFault(null);
    simulated.clearRequests();
  });
  afterAll(() => simulated.close());

  test('states what an operator needs to know before connecting it', () => {
    expect(provider.name).not.toBe('');
    expect(offering.name).not.toBe('');
    if (needsKey) expect(provider.consoleUrl).toMatch(/^https:\/\//);
    expect(offering.termsNotice).not.toBe('');
    expect(offering.plans.length > 0, 'a subscription has plans, other access has none').toBe(
      offering.billing === 'SUBSCRIPTION',
    );
    for (const { monthlyPriceUsd } of offering.plans)
      if (monthlyPriceUsd !== null) expect(monthlyPriceUsd).toMatch(/^\d+(\.\d+)?$/);
    if (offering.billing !== 'LOCAL') {
      // What no catalogue knows, the list must state.
      if (offering.catalog.facts.length === 0)
        for (const { upstreamId, contextWindow } of models)
          expect(contextWindow, upstreamId).toBeGreaterThan(0);
      expect(offering.catalog.prices).not.toEqual([]);
    }
    expect(offering.billing === 'LOCAL', 'what runs at home is local, and only that').toBe(
      provider.kind === 'LOCAL',
    );
  });

  test('lives where its provider says, in every region', () => {
    const urls = [
      ...offering.endpoints,
      ...offering.verify,
      ...(offering.quota?.probes ?? []),
      ...(offering.models.kind === 'live' ? [offering.models] : []),
    ];
    const places = regions.flatMap((region) =>
      urls.map(({ url }) => new URL(addressOf(offering, url, { region, baseUrl: null }))),
    );
    expect([...new Set(places.map(({ origin }) => origin))]).toEqual(simulation.origins[offering.code]);
    const served = simulation.routes.map(({ path }) => path);
    for (const { pathname } of places) expect(served).toContain(decodeURI(pathname));
  });

  test('reads its whole model list, and only what it may use', async () => {
    const listing = await listModels(deps, access(usualKey));
    const expected = simulation.models
      .filter(({ inPlan }) => offering.billing !== 'SUBSCRIPTION' || inPlan !== false)
      .filter(({ offerings }) => offerings?.includes(offering.code) ?? true)
      .filter(({ hidden }) => !hidden);
    const ids = listing.ok ? listing.models.map(({ upstreamId }) => upstreamId) : listing;
    expect(ids).toEqual(expected.map(({ id }) => id));
    if (offering.models.kind !== 'live') return;
    expect(simulated.requests.map(({ status }) => status)).not.toContain(404);
    if (offering.models.nextPage) expect(simulated.requests.length).toBeGreaterThan(1);
    for (const request of simulated.requests) expect(request).toMatchObject({ status: 200 });
  });

  test('reads the facts that the list states', () => {
    for (const model of models) {
      const truth = truthOf(model.upstreamId);
      if (offering.models.kind !== 'live' || !truth) continue;
      if (truth.contextWindow !== undefined) expect(model.contextWindow).toBe(truth.contextWindow);
      if (truth.displayName !== undefined) expect(model.displayName).toBe(truth.displayName);
      if (truth.maxOutputTokens !== undefined) expect(model.maxOutputTokens).toBe(truth.maxOutputTokens);
      if (truth.vision) expect(model.capabilities).toContain('VISION');
      if (truth.reasoning) expect(model.capabilities).toContain('REASONING');
      if (truth.tools) expect(model.capabilities).toContain('TOOLS');
      if (truth.prices) expect(model.prices?.input).toBe(BigInt(Math.round(truth.prices.input * 1e9)));
      if (truth.prices) expect(model.prices?.output).toBe(BigInt(Math.round(truth.prices.output * 1e9)));
    }
  });

  test('tells the models that chat from those that do not', () => {
    for (const model of models) {
      const { kind } = describeModel(offering, model, factsFor, HINTS.now);
      expect(kind, model.upstreamId).toBe(truthOf(model.upstreamId)?.kind ?? 'CHAT');
    }
  });

  test.each([{}, [], null, { data: {} }, { models: {} }, { error: 'no' }])(
    'does not take %j for an empty list',
    (body) => {
      const source = offering.models;
      if (source.kind === 'live') expect(() => source.parse(body)).toThrow();
    },
  );

  test('accepts a good key, and no key where none is needed', async () => {
    expect(await verify(usualKey)).toBeNull();
    for (const request of simulated.requests) expect(credentialsOf(request)).toHaveLength(needsKey ? 1 : 0);
    if (offering.takesKey) expect(await verify(simulated.keys.good)).toBeNull();
  });

  test('refuses a bad key, also where the list does not ask for one', async () => {
    expect(verdict).toBeDefined();
    if (!needsKey && !offering.takesKey) return;
    expect((await verify(simulated.keys.bad))?.class ?? null).toBe(verdict?.bad);
  });

  test('tells a key that was bought for something else', async () => {
    if (simulated.keys.wrongProduct === null) return;
    const failure = await verify(simulated.keys.wrongProduct);
    expect(failure?.class ?? null).toBe(verdict?.wrongProduct);
  });

  test('asks for quota at a path that exists, exactly when it says that it can', () => {
    const account = simulation.routes.filter(({ use }) => use === 'account').map(({ path }) => path);
    const asked = offering.quota?.probes.map(({ url }) => new URL(url).pathname) ?? [];
    expect(asked.length > 0).toBe(offering.reportsQuota);
    for (const path of asked) expect(account).toContain(path);
  });

  test.each(regions)(
    'is called at the exact path and with the exact header of each format (region %s)',
    async (region) => {
      for (const endpoint of offering.endpoints) {
        const { protocol, auth } = endpoint;
        const real = addressOf(offering, endpoint.url, { region, baseUrl: null });
        simulated.clearRequests();
        const answer = await generate(endpoint, addressOn(real));
        expect(answer.status, `${protocol}: ${answer.bodyText}`).toBe(200);
        expect(isErrorBody(JSON.parse(answer.bodyText))).toBe(false);
        expect(answer.bodyText).toContain(protocol === 'OPENAI_EMBEDDINGS' ? '"embedding"' : 'pong');
        const [request] = simulated.requests;
        const [upstreamId = ''] = modelsFor(protocol);
        expect(request?.path).toBe(new URL(callUrl(real, { upstreamId, stream: false })).pathname);
        expect(request && credentialsOf(request)).toEqual(
          usualKey === null ? [] : Object.entries(credentialHeader(auth, usualKey)),
        );
      }
    },
  );

  test('states usage in its streams that is read to the token', async () => {
    for (const endpoint of offering.endpoints) {
      const reader = readerOf(endpoint.protocol);
      if (!reader) continue;
      simulated.clearRequests();
      const answer = await generate(endpoint, addressOn(endpoint.url), {
        say: '[tokens in=120 out=34 cached=50 reasoning=7] [say pong]',
        stream: true,
      });
      reader.push(Buffer.from(answer.bodyText));
      reader.end();
      const stated = simulated.requests[0]?.stated;
      expect(stated, endpoint.protocol).toMatchObject({ output: 34 });
      expect(tokensOf(reader.usage), endpoint.protocol).toEqual(stated);
      expect(reader).toMatchObject({ finished: true, errorData: null });
    }
  });

  test('can call every model it lists that chats', () => {
    const chats = models.filter(({ upstreamId }) => kindOf(upstreamId) === 'CHAT');
    for (const { upstreamId } of chats) {
      expect(callableProtocols(offering, upstreamId), upstreamId).not.toEqual([]);
    }
  });

  test('sends the session where one is wanted', async () => {
    if (offering.sessionHeader === null) return;
    const [endpoint] = offering.endpoints;
    await generate(endpoint, addressOn(endpoint.url));
    expect(simulated.requests[0]?.headers[offering.sessionHeader]).toBe(SESSION);
    const without = await generate(endpoint, addressOn(endpoint.url), {
      headers: { [offering.sessionHeader]: '' },
    });
    if (without.status === 200) return;
    const failure = classifyFailure(offering, readErrorAnswer(without.status, without.bodyText), HINTS);
    expect(failure.class).toBe('CLIENT_REFUSED');
  });

  test.each(Object.entries(simulation.failures))(
    'understands the refusal %s on every path',
    async (failureName, failure) => {
      for (const endpoint of offering.endpoints) {
        simulated.setFault({ kind: 'refuse', failure: failureName, times: 1 });
        const answer = await generate(endpoint, addressOn(endpoint.url));
        const error = readErrorAnswer(answer.status, answer.bodyText);
        expect(classifyFailure(offering, error, { ...HINTS, retryAfter: answer.retryAfter })).toMatchObject({
          class: failure.class,
          httpStatus: failure.status,
          ...(answer.retryAfter !== null && { retryAt: HINTS.now + Number(answer.retryAfter) * 1000 }),
        });
      }
    },
  );

  test('says that a model it does not know is not there', async () => {
    const [endpoint] = offering.endpoints;
    const answer = await generate(endpoint, addressOn(endpoint.url), { model: 'no-such-model' });
    const error = readErrorAnswer(answer.status, answer.bodyText);
    expect(classifyFailure(offering, error, HINTS).class).toBe('MODEL_NOT_FOUND');
  });
});

/** A request in a format. */
function requestIn(protocol: WireProtocol, model: string, say: string): object {
  const turns = [{ role: 'user', content: say }];
  switch (protocol) {
    case 'OPENAI_CHAT':
    case 'ANTHROPIC_MESSAGES':
      return { model, max_tokens: 100, messages: turns };
    case 'OPENAI_RESPONSES':
      return { model, max_output_tokens: 100, input: turns };
    case 'GEMINI':
      return { contents: [{ role: 'user', parts: [{ text: say }] }] };
    case 'OPENAI_EMBEDDINGS':
      return { model, input: say };
  }
}

/** What understands the streams of a format; null where none does. */
function readerOf(protocol: WireProtocol): StreamReader | AnswerStreamDecoder | null {
  if (protocol === 'GEMINI') return geminiProvider.createStreamDecoder(SOME_TARGET);
  const format = FORMATS.find(({ id }) => id === protocol);
  return format?.createStreamReader({ hideUsage: false }) ?? null;
}

/** What a call has that is not usual. */
interface Wanted {
  readonly headers?: Readonly<Record<string, string>>;
  readonly model?: string | undefined;
  readonly say?: string;
  readonly stream?: boolean;
}

interface Answer {
  readonly status: number;
  readonly bodyText: string;
  readonly retryAfter: string | null;
}

async function answerOf(response: Response): Promise<Answer> {
  return {
    status: response.status,
    bodyText: await response.text(),
    retryAfter: response.headers.get('retry-after'),
  };
}

const CREDENTIAL_HEADERS = ['authorization', 'x-api-key', 'x-goog-api-key'];

/** The credentials a request carries, as header and value. */
function credentialsOf({ headers }: LoggedRequest): readonly (readonly [string, unknown])[] {
  return CREDENTIAL_HEADERS.filter((name) => headers[name] !== undefined).map((name) => [
    name,
    headers[name],
  ]);
}
