/** What every provider module promises, checked over real HTTP against its simulated provider. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { UpstreamFailure } from '../../src/domain/failure.js';
import type { WireProtocol } from '../../src/domain/vocabulary.js';
import type { AuthHeader, OfferingDefinition } from '../../src/providers/define-provider.js';
import { classifyFailure, isErrorBody, judgeProbe, readErrorAnswer } from '../../src/providers/failure.js';
import { allProviders } from '../../src/providers/registry.js';
import { addressOf } from '../../src/providers/urls.js';
import {
  type LoggedRequest,
  SIMULATED_SLUGS,
  type SimulatedProvider,
  type SimulatedSlug,
  simulationOf,
  startSimulatedProvider,
} from '../support/providers/simulated-provider.js';

/** Where each offering really lives; the paths behind are the simulated providers' to know. */
const ORIGINS: Readonly<Record<string, readonly string[]>> = {
  'kimi/coding-plan': ['https://api.kimi.com'],
  'nano-gpt/subscription': ['https://nano-gpt.com'],
  'nano-gpt/api': ['https://nano-gpt.com'],
  'ollama-cloud/cloud': ['https://ollama.com'],
  'opencode/zen': ['https://opencode.ai'],
  'opencode-go/go': ['https://opencode.ai'],
  'zai/coding-plan': ['https://api.z.ai', 'https://open.bigmodel.cn'],
  'zai/api': ['https://api.z.ai', 'https://open.bigmodel.cn'],
};

const PREFIX = '/behind/a/proxy';
const SESSION = 'conversation-1';

test('every registered provider is simulated, and nothing else is', () => {
  expect(SIMULATED_SLUGS.toSorted()).toEqual(allProviders().map(({ slug }) => slug));
});

const contracts = allProviders().flatMap((provider) =>
  provider.offerings.map((offering) => ({ name: `${provider.slug}/${offering.code}`, provider, offering })),
);

describe.each(contracts)('$name', ({ name, provider, offering }) => {
  const simulation = simulationOf(provider.slug as SimulatedSlug);
  let simulated: SimulatedProvider;

  beforeAll(async () => {
    simulated = await startSimulatedProvider(provider.slug as SimulatedSlug, { prefix: PREFIX });
  });
  beforeEach(() => {
    simulated.setFault(null);
    simulated.clearRequests();
  });
  afterAll(() => simulated.close());

  const address = (url: string): string => addressOf(offering, url, { region: null, baseUrl: simulated.url });
  const get = async (url: string, auth: AuthHeader, key: string): Promise<Answer> =>
    answerOf(await fetch(address(url), { headers: credential(auth, key) }));
  const generate = async (protocol: WireProtocol, model: string, extra: object = {}): Promise<Answer> => {
    const endpoint = offering.endpoints.find((candidate) => candidate.protocol === protocol);
    if (!endpoint) throw new Error(`${name} does not speak ${protocol}`);
    const session = offering.sessionHeader === null ? {} : { [offering.sessionHeader]: SESSION };
    const headers = {
      ...credential(endpoint.auth, simulated.keys.good),
      ...session,
      'content-type': 'application/json',
      ...extra,
    };
    const turns = [{ role: 'user', content: '[say pong]' }];
    const body = JSON.stringify({
      model,
      max_tokens: 100,
      ...(protocol === 'OPENAI_RESPONSES' ? { input: turns } : { messages: turns }),
    });
    return answerOf(await fetch(address(endpoint.url), { method: 'POST', headers, body }));
  };
  const listed = async (): Promise<readonly string[]> => {
    if (offering.models.kind !== 'live') return offering.models.models.map(({ upstreamId }) => upstreamId);
    const { url, auth, parse } = offering.models;
    const answer = await get(url, auth, simulated.keys.good);
    return parse(JSON.parse(answer.bodyText)).map(({ upstreamId }) => upstreamId);
  };
  const verify = async (key: string): Promise<UpstreamFailure | null> => {
    for (const probe of offering.verify) {
      const failure = judgeProbe(offering, probe, await get(probe.url, probe.auth, key), HINTS);
      if (failure) return failure;
    }
    return null;
  };

  test('states what an operator needs to know before connecting it', () => {
    expect(provider.name).not.toBe('');
    expect(offering.name).not.toBe('');
    expect(provider.consoleUrl).toMatch(/^https:\/\//);
    expect(offering.plans.length > 0, 'a subscription has plans, metered access has none').toBe(
      offering.billing === 'SUBSCRIPTION',
    );
    for (const { monthlyPriceUsd } of offering.plans)
      if (monthlyPriceUsd !== null) expect(monthlyPriceUsd).toMatch(/^\d+(\.\d+)?$/);
    expect(offering.catalog.facts.length).toBeGreaterThan(0);
    expect(offering.catalog.prices.length).toBeGreaterThan(0);
  });

  test('lives where its provider says', () => {
    const urls = [
      ...offering.endpoints,
      ...offering.verify,
      ...(offering.models.kind === 'live' ? [offering.models] : []),
    ];
    const places = offering.regions.length > 0 ? offering.regions.map(({ code }) => code) : [null];
    const home = places[0] ?? null;
    const origins = (region: string | null): string[] => [
      ...new Set(urls.map(({ url }) => new URL(addressOf(offering, url, { region, baseUrl: null })).origin)),
    ];
    expect(origins(home)).toEqual([ORIGINS[name]?.[0]]);
    const known = ORIGINS[name] ?? [];
    if (known.length > 1) expect(places.flatMap(origins)).toEqual(known);
  });

  test('reads its model list, and only what it may use', async () => {
    const expected = simulation.models
      .filter(({ inPlan }) => offering.billing === 'METERED' || inPlan !== false)
      .filter(({ id }) => !id.startsWith('alpha-'));
    expect(await listed()).toEqual(expected.map(({ id }) => id));
    const [request] = simulated.requests;
    expect(request?.status).toBe(200);
  });

  test('reads the facts that the list states', async () => {
    if (offering.models.kind !== 'live') return;
    const answer = await get(offering.models.url, offering.models.auth, simulated.keys.good);
    for (const model of offering.models.parse(JSON.parse(answer.bodyText))) {
      const truth = simulation.models.find(({ id }) => id === model.upstreamId);
      if (truth?.contextWindow !== undefined) expect(model.contextWindow).toBe(truth.contextWindow);
      if (truth?.displayName !== undefined) expect(model.displayName).toBe(truth.displayName);
      if (truth?.maxOutputTokens !== undefined) expect(model.maxOutputTokens).toBe(truth.maxOutputTokens);
      if (truth?.vision) expect(model.capabilities).toContain('VISION');
      if (truth?.reasoning) expect(model.capabilities).toContain('REASONING');
      if (truth?.prices) expect(model.prices?.output).toBe(BigInt(Math.round(truth.prices.output * 1e9)));
    }
  });

  test.each([{}, [], null, { data: {} }, { error: 'no' }])('does not take %j for an empty list', (body) => {
    const { models } = offering;
    if (models.kind === 'live') expect(() => models.parse(body)).toThrow();
  });

  test('accepts a good key', async () => {
    expect(await verify(simulated.keys.good)).toBeNull();
    for (const request of simulated.requests) expect(onlyOneCredential(request)).toBe(true);
  });

  test('refuses a bad key, also where the list does not ask for one', async () => {
    expect(await verify(simulated.keys.bad)).toMatchObject({ class: simulated.verdicts[offering.code]?.bad });
  });

  test('tells a key that was bought for something else', async () => {
    const verdict = simulated.verdicts[offering.code];
    expect(verdict).toBeDefined();
    if (simulated.keys.wrongProduct === null) return;
    const failure = await verify(simulated.keys.wrongProduct);
    expect(failure?.class ?? null).toBe(verdict?.wrongProduct);
  });

  test('asks for quota at a path that exists, exactly when it says that it can', () => {
    const account = simulation.routes.filter(({ use }) => use === 'account').map(({ path }) => path);
    const probed = offering.verify.map(({ url }) => new URL(url).pathname);
    if (offering.reportsQuota) expect(probed.some((path) => account.includes(path))).toBe(true);
  });

  test('is called at the exact path and with the exact header of each format', async () => {
    for (const { protocol, url, auth } of offering.endpoints) {
      const model = modelFor(offering, await listed(), protocol);
      simulated.clearRequests();
      const answer = await generate(protocol, model);
      expect(answer.status, `${protocol}: ${answer.bodyText}`).toBe(200);
      expect(isErrorBody(JSON.parse(answer.bodyText))).toBe(false);
      expect(answer.bodyText).toContain('pong');
      const [request] = simulated.requests;
      expect(request?.path).toBe(new URL(url).pathname);
      expect(request?.headers[auth === 'bearer' ? 'authorization' : 'x-api-key']).toContain(
        simulated.keys.good,
      );
      expect(request && onlyOneCredential(request)).toBe(true);
    }
  });

  test('can call every model it lists', async () => {
    const spoken = offering.endpoints.map(({ protocol }) => protocol);
    for (const model of await listed()) {
      const protocols = offering.protocolsOf?.(model) ?? spoken;
      expect(
        protocols.filter((protocol) => spoken.includes(protocol)),
        model,
      ).not.toEqual([]);
    }
  });

  test('sends the session where one is wanted', async () => {
    if (offering.sessionHeader === null) return;
    const [{ protocol }] = offering.endpoints;
    const model = modelFor(offering, await listed(), protocol);
    simulated.clearRequests();
    await generate(protocol, model);
    expect(simulated.requests[0]?.headers[offering.sessionHeader]).toBe(SESSION);
    const without = await generate(protocol, model, { [offering.sessionHeader]: '' });
    if (without.status === 200) return;
    const failure = classifyFailure(offering, readErrorAnswer(without.status, without.bodyText), HINTS);
    expect(failure.class).toBe('CLIENT_REFUSED');
  });

  test.each(Object.entries(simulation.failures))(
    'understands the refusal %s on every path',
    async (failureName, failure) => {
      for (const { protocol } of offering.endpoints) {
        const model = modelFor(offering, await listed(), protocol);
        simulated.setFault({ kind: 'refuse', failure: failureName, times: 1 });
        const answer = await generate(protocol, model);
        const error = readErrorAnswer(answer.status, answer.bodyText);
        expect(classifyFailure(offering, error, { ...HINTS, retryAfter: answer.retryAfter })).toMatchObject({
          class: failure.class,
          httpStatus: failure.status,
          ...(answer.retryAfter !== null && { retryAt: HINTS.now + Number(answer.retryAfter) * 1000 }),
        });
      }
    },
  );
});

const HINTS = { retryAfter: null, now: Date.parse('2026-08-12T08:00:00Z') };

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

function credential(auth: AuthHeader, key: string): Record<string, string> {
  return auth === 'bearer' ? { authorization: `Bearer ${key}` } : { 'x-api-key': key };
}

function onlyOneCredential({ headers }: LoggedRequest): boolean {
  return (headers['authorization'] === undefined) !== (headers['x-api-key'] === undefined);
}

function modelFor(offering: OfferingDefinition, models: readonly string[], protocol: WireProtocol): string {
  const model = models.find((id) => (offering.protocolsOf?.(id) ?? [protocol]).includes(protocol));
  if (model === undefined) throw new Error(`no listed model of ${offering.code} speaks ${protocol}`);
  return model;
}
