/** The main job, through what any operator and any agent can reach: connect a plan, call a model, watch its usage. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import type { Client } from 'graphql-ws';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainRequest } from '../support/http-client.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import { openSocket, type RawSocket } from '../support/socket.js';
import {
  connect,
  follow,
  liveClient,
  makeKey,
  nanoUsd,
  recordedEvents,
  sumsOf,
  sumsOfTotals,
  tryToConnect,
  usageReport,
} from '../support/operator.js';
import { createInstallation, freePort, type Installation, type Switchyard } from '../support/switchyard.js';

/** The issue's own promise to whoever watches: from the answer's last byte to the event. */
const EVENT_DEADLINE_MS = 500;
const PLAN_MODEL = 'zai/glm-5.1';
const METERED_MODEL = 'opencode/glm-5.2';

let installation: Installation;
let program: Switchyard;
let live: Client;
/** Hears every frame of a subscription that is open throughout, as text. */
let witness: RawSocket;
let key: { id: string; plaintext: string };
const providers = new Map<string, SimulatedProvider>();
const answers: string[] = [];

beforeAll(async () => {
  installation = await createInstallation({}, { makesDatabase: true });
  program = await installation.start();
  live = liveClient(program);
  witness = await openSocket(program.adminUrl);
  await witness.init(program.token);
  witness.send({
    id: 'all',
    type: 'subscribe',
    payload: {
      query: `subscription { usageRecorded { cursor event { id requestId requestedModel error { message }
        connection { label secretPreview baseUrl } accessKey { name preview } attempts { modelRef error { message } } } } }`,
    },
  });
});
afterAll(async () => {
  await live.dispose();
  witness.socket.terminate();
  await installation[Symbol.asyncDispose]();
  for (const provider of providers.values()) await provider.close();
});

async function simulated(slug: string): Promise<SimulatedProvider> {
  const running = providers.get(slug) ?? (await startSimulatedProvider(slug));
  providers.set(slug, running);
  return running;
}

async function query(document: string, variables?: Record<string, unknown>): Promise<any> {
  const answer = await program.api.send(document, variables);
  answers.push(answer.text);
  expect(answer.errors).toEqual([]);
  return answer.data;
}

/** Tokens of an event as the simulated provider counts them. */
function stated({ tokens }: any) {
  const { input, cacheRead, cacheWrite, output, reasoning } = tokens;
  return { input, cacheRead, cacheWrite, output, reasoning };
}

describe('connecting', () => {
  it('verifies a coding plan, streams its discovery, and lists its models with all that is known of them', async () => {
    const zai = await simulated('zai');
    // A list that takes its time leaves the subscription something to follow.
    zai.setFault({ kind: 'delay', ms: 500, on: 'models' });
    const { progress } = await connect(program, zai, 'coding-plan');
    zai.setFault(null);
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.at(-1)).toMatchObject({
      run: { status: 'SUCCEEDED', connectionsDone: 1, connectionsTotal: 1 },
    });
    const { model } = await query(
      `query ($ref: String!) { model(ref: $ref) {
        ref upstreamId state enabled contextWindow maxOutputTokens capabilities
        provider { slug } listPrice { inputUsdPerMillion outputUsdPerMillion source }
        availability { billing ready reason connection { label } } } }`,
      { ref: PLAN_MODEL },
    );
    expect(model).toMatchObject({
      ref: PLAN_MODEL,
      upstreamId: 'glm-5.1',
      state: 'AVAILABLE',
      enabled: true,
      provider: { slug: 'zai' },
      availability: [
        { billing: 'SUBSCRIPTION', ready: true, reason: null, connection: { label: 'coding-plan' } },
      ],
    });
    expect(model.contextWindow).toBeGreaterThan(100_000);
    expect(model.capabilities).toEqual(expect.arrayContaining(['TOOLS', 'STREAMING']));
    expect(nanoUsd(model.listPrice.inputUsdPerMillion)).toBeGreaterThan(0n);
    expect(nanoUsd(model.listPrice.outputUsdPerMillion)).toBeGreaterThan(0n);
  });

  it.each([
    ['kimi', 'coding-plan', 'SUBSCRIPTION', 'kimi/k3'],
    ['opencode-go', 'go', 'SUBSCRIPTION', 'opencode-go/glm-5.2'],
    ['ollama-cloud', 'cloud', 'SUBSCRIPTION', 'ollama-cloud/qwen3-coder:480b'],
    ['nano-gpt', 'subscription', 'SUBSCRIPTION', 'nano-gpt/zai-org/glm-5.1'],
    ['opencode', 'zen', 'METERED', METERED_MODEL],
  ] as const)('connects %s %s as %s and lists %s', async (slug, offering, billing, ref) => {
    const { progress } = await connect(program, await simulated(slug), offering);
    expect(progress.at(-1)).toMatchObject({ run: { status: 'SUCCEEDED' } });
    const { model } = await query(
      'query ($ref: String!) { model(ref: $ref) { ref state availability { billing ready } } }',
      { ref },
    );
    expect(model).toEqual({ ref, state: 'AVAILABLE', availability: [{ billing, ready: true }] });
  });

  it('connects a second way to pay for the same models, beside the first', async () => {
    await connect(program, await simulated('zai'), 'api');
    const { model } = await query(
      'query ($ref: String!) { model(ref: $ref) { availability { billing ready } } }',
      { ref: PLAN_MODEL },
    );
    expect(model.availability.map(({ billing }: any) => billing).toSorted()).toEqual([
      'METERED',
      'SUBSCRIPTION',
    ]);
  });

  it('leaves out of a plan what the plan does not include', async () => {
    const { model } = await query('{ model(ref: "nano-gpt/anthropic/claude-opus-4.8") { ref } }');
    expect(model).toBeNull();
  });

  it('tells a bad key, a key for another product and a host out of reach apart, and saves none of them', async () => {
    const zai = await simulated('zai');
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const before = await query('{ connections { totalCount } }');
    const attempt = async (provider: SimulatedProvider, offering: string, changes: object) => {
      const answer = await tryToConnect(program, provider, offering, { label: 'refused', ...changes });
      answers.push(JSON.stringify(answer));
      expect([answer.connection, answer.discoveryRun]).toEqual([null, null]);
      return answer.userErrors.map(({ code }: any) => code);
    };
    expect(await attempt(zai, 'coding-plan', { secret: zai.keys.bad })).toEqual(['CREDENTIAL_REJECTED']);
    zai.setFault({ kind: 'refuse', failure: 'bad-key-with-200', on: 'models' });
    expect(await attempt(zai, 'coding-plan', {})).toEqual(['CREDENTIAL_REJECTED']);
    zai.setFault(null);
    expect(await attempt(zai, 'coding-plan', { secret: zai.keys.wrongProduct })).toEqual([
      'UNSUPPORTED_OFFERING',
    ]);
    expect(await attempt(zai, 'coding-plan', { baseUrl: nobody })).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(await query('{ connections { totalCount } }')).toEqual(before);
  });
});

describe('calling', () => {
  const openai = () =>
    new OpenAI({ baseURL: `${program.gatewayUrl}/v1`, apiKey: key.plaintext, maxRetries: 0 });
  const anthropic = () =>
    new Anthropic({ baseURL: program.gatewayUrl, apiKey: key.plaintext, maxRetries: 0 });
  const ask = (content: string, model = PLAN_MODEL) => ({
    model,
    messages: [{ role: 'user' as const, content }],
  });
  const schema = { type: 'object' as const, properties: { city: { type: 'string' } } };

  it('works with a key that was made a moment ago', async () => {
    key = await makeKey(program);
    const page = await openai().models.list();
    expect(page.data.map(({ id }) => id)).toEqual(expect.arrayContaining([PLAN_MODEL, METERED_MODEL]));
  });

  it('serves the openai client: whole, streamed, with tools, on a plan and on a metered key', async () => {
    const whole = await openai().chat.completions.create(
      ask('[say hello there][tokens in=12 out=34 cached=5 reasoning=7]'),
    );
    expect(whole.choices[0]?.message.content).toBe('hello there');
    expect(whole.usage).toMatchObject({ prompt_tokens: 17, completion_tokens: 34 });

    let text = '';
    for await (const chunk of await openai().chat.completions.create({
      ...ask('[frames 5][tokens in=1003 out=204]', METERED_MODEL),
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    expect(text).toBe('word-1 word-2 word-3 word-4 word-5 ');

    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: schema } }];
    const called = await openai()
      .chat.completions.stream({ ...ask('[tool weather {"city":"Oslo"}][tokens in=80 out=9]'), tools })
      .finalChatCompletion();
    expect(called.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: 'weather', arguments: '{"city":"Oslo"}' },
    });
    await openai().chat.completions.create(ask('[tokens in=777 out=11]', METERED_MODEL));
  });

  it('serves the Anthropic client: whole, streamed, with tools', async () => {
    const whole = await anthropic().messages.create({
      ...ask('[say hello there][tokens in=12 out=34 cached=5 written=3]'),
      max_tokens: 100,
    });
    expect(whole.content).toEqual([expect.objectContaining({ type: 'text', text: 'hello there' })]);
    expect(whole.usage).toMatchObject({ input_tokens: 12, output_tokens: 34, cache_read_input_tokens: 5 });

    const streamed = anthropic().messages.stream({
      ...ask('[frames 3][tokens in=3 out=4]'),
      max_tokens: 100,
    });
    expect(await streamed.finalText()).toBe('word-1 word-2 word-3 ');

    const tools = [{ name: 'weather', input_schema: schema }];
    const called = await anthropic().messages.create({
      ...ask('[tool weather {"city":"Oslo"}][tokens in=50 out=6]'),
      max_tokens: 100,
      tools,
    });
    expect(called.content).toContainEqual(
      expect.objectContaining({ type: 'tool_use', name: 'weather', input: { city: 'Oslo' } }),
    );
  });

  it('tells a client of a failure and of its own mistake', async () => {
    await expect(
      openai().chat.completions.create(ask('[fail five-hour-wall]', 'kimi/k3')),
    ).rejects.toMatchObject({ status: 429 });
    await expect(openai().chat.completions.create(ask('x', 'zai/nope'))).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe('watching', () => {
  let events: any[];

  it('finds each request once, with exactly the tokens its provider stated', async () => {
    const sent = [...providers.values()]
      .flatMap(({ requests }) => requests)
      .filter(({ method, stated: tokens }) => method === 'POST' && tokens !== null);
    // Seven answers, one failure of the provider, one mistake of the caller.
    events = await recordedEvents(program, (found) => found.length >= sent.length + 2);
    expect(new Set(events.map(({ requestId }) => requestId)).size).toBe(events.length);
    const answered = events.filter(({ status }) => status === 'OK');
    const byInput = (a: any, b: any): number => a.input - b.input || a.output - b.output;
    expect(answered.map(stated).toSorted(byInput)).toEqual(
      sent.map(({ stated: tokens }) => tokens).toSorted(byInput),
    );
    expect(answered.every(({ tokenSource }) => tokenSource === 'REPORTED')).toBe(true);
    expect(
      events.filter(({ status }) => status !== 'OK').map(({ status, error }) => [status, error.class]),
    ).toEqual([
      ['FAILED', 'QUOTA_EXHAUSTED'],
      ['REJECTED', 'MODEL_NOT_FOUND'],
    ]);
  });

  it('charges nothing for plan traffic, and the list price to the last digit for metered traffic', async () => {
    const { models } = await query(
      `{ models(first: 100) { nodes { ref listPrice {
        inputUsdPerMillion outputUsdPerMillion cacheReadUsdPerMillion cacheWriteUsdPerMillion } } } }`,
    );
    const prices = new Map<string, any>(models.nodes.map((model: any) => [model.ref, model.listPrice]));
    for (const event of events.filter(({ status }) => status === 'OK')) {
      const price = prices.get(event.modelRef);
      const { input, output, cacheRead, cacheWrite } = event.tokens;
      const part = (count: number, perMillion: string | null): bigint =>
        BigInt(count) * nanoUsd(perMillion ?? price.inputUsdPerMillion);
      const list =
        (part(input, price.inputUsdPerMillion) +
          part(output, price.outputUsdPerMillion) +
          part(cacheRead, price.cacheReadUsdPerMillion) +
          part(cacheWrite, price.cacheWriteUsdPerMillion)) /
        1_000_000n;
      expect(nanoUsd(event.listCostUsd), event.modelRef).toBe(list);
      expect(list).toBeGreaterThan(0n);
      expect(nanoUsd(event.costUsd), event.modelRef).toBe(event.billing === 'METERED' ? list : 0n);
    }
    expect(events.some(({ billing }) => billing === 'METERED')).toBe(true);
  });

  it.each(['HOUR', 'DAY'])('sums all of it by the %s, in total and by every dimension', async (interval) => {
    const { totals } = await usageReport(program, { interval });
    expect(sumsOfTotals(totals)).toEqual(sumsOf(events));
    for (const [dimension, valueOf] of [
      ['PROVIDER', (event: any) => event.provider?.slug ?? null],
      ['MODEL', (event: any) => event.modelRef],
      ['BILLING', (event: any) => event.billing],
      ['STATUS', (event: any) => event.status],
    ] as const) {
      const report = await usageReport(program, { interval, groupBy: [dimension] });
      const groups = new Map(
        report.rollups.map(({ group, totals: sums }: any) => [group[0].value, sumsOfTotals(sums)]),
      );
      const values = new Set<unknown>(events.map(valueOf));
      const expected = new Map(
        [...values].map((value) => [value, sumsOf(events.filter((event) => valueOf(event) === value))]),
      );
      expect(groups, dimension).toEqual(expected);
    }
  });

  it('delivers an event within half a second of the last byte of its answer, and the totals after it', async () => {
    const recorded = follow(
      live,
      'subscription { usageRecorded { replayed event { requestId status tokens { input output } } } }',
    );
    const totals = follow(
      live,
      `subscription { usageTotals(input: { window: TOTAL }, minIntervalMs: 250) {
        sequence totals { requests tokens { total } } } }`,
    );
    const before = await totals.find(({ usageTotals }) => usageTotals);
    expect(before).toMatchObject({ sequence: 1, totals: { requests: events.length } });
    const late: number[] = [];
    const rounds = 6;
    for (let round = 1; round <= rounds; round++) {
      const answer = await plainRequest(`${program.gatewayUrl}/v1/chat/completions`, {
        headers: { authorization: `Bearer ${key.plaintext}` },
        body: {
          model: PLAN_MODEL,
          stream: round % 2 === 0,
          messages: [{ role: 'user', content: `[frames 5 every 5ms][tokens in=${round} out=1]` }],
        },
      });
      const answeredAt = performance.now();
      const requestId = answer.headers['x-request-id'];
      const event = await recorded.find(
        ({ usageRecorded }) => usageRecorded.event.requestId === requestId && usageRecorded,
      );
      late.push(performance.now() - answeredAt);
      expect(event).toMatchObject({ replayed: false, event: { status: 'OK', tokens: { input: round } } });
    }
    // The middle one: a single delay also says what else the machine was busy with.
    const typical = late.toSorted((a, b) => a - b)[Math.floor(rounds / 2)];
    expect(typical, `after ${late.map(Math.round).join(', ')} ms`).toBeLessThan(EVENT_DEADLINE_MS);
    const after = await totals.find(
      ({ usageTotals }) => usageTotals.totals.requests === events.length + rounds && usageTotals,
    );
    expect(after.totals.tokens.total - before.totals.tokens.total).toBe(21 + rounds);
    recorded.stop();
    totals.stop();
  });
});

describe('the end of a key', () => {
  it('comes with the very next request after its revocation', async () => {
    const call = () =>
      plainRequest(`${program.gatewayUrl}/v1/models`, { headers: { 'x-api-key': key.plaintext } });
    expect((await call()).status).toBe(200);
    await query('mutation ($id: ID!) { accessKeyRevoke(id: $id) { accessKey { state } } }', { id: key.id });
    expect((await call()).status).toBe(401);
    // And for good.
    for (let i = 0; i < 5; i++) expect((await call()).status).toBe(401);
  });
});

describe('secrets', () => {
  it('are found in no answer, no frame, no log line and no file', async () => {
    await query('{ connections(first: 50) { nodes { label secretPreview baseUrl health { message } } } }');
    await query('{ accessKeys(filter: { states: [REVOKED, ACTIVE] }) { nodes { name preview } } }');
    const page = await fetch(`${program.adminUrl}/metrics`).then((response) => response.text());
    const secrets = [
      key.plaintext,
      program.token,
      ...[...providers.values()].flatMap(({ keys }) => [keys.good, keys.bad]),
    ];
    await program.stop();
    const places = new Map<string, string>([
      ['answers', answers.join('\n')],
      ['frames', witness.transcript()],
      ['standard error', program.stderr()],
      ['standard output', program.stdout()],
      ['metrics', page],
      ...filesUnder(installation.dataDir).map((path) => [path, readFileSync(path, 'latin1')] as const),
    ]);
    expect(witness.transcript()).toContain('usageRecorded');
    expect([...places.keys()].some((name) => name.includes('/journal/'))).toBe(true);
    expect([...places.keys()].some((name) => name.endsWith('routing.snapshot'))).toBe(true);
    for (const [name, text] of places) {
      for (const secret of secrets) {
        expect(text.includes(secret), `${name} contains ${secret.slice(0, 6)}…`).toBe(false);
      }
    }
  });
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
