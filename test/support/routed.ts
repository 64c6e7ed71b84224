/** Four simulated providers behind a gateway with tiers, and what callers of each dialect ask it. */
import type { Clock } from '../../src/domain/clock.js';
import {
  connectionId,
  startTestGateway,
  type TestConnection,
  type TestGateway,
  type TestGatewayOptions,
} from './gateway.js';
import { plainRequest, type PlainAnswer } from './http-client.js';
import { startSimulatedProvider, type SimulatedProvider } from './providers/simulated-provider.js';

/** Names of connections: two of one plan, another plan, and one that is paid by the token. */
export const CONNECTIONS = ['zai-one', 'zai-two', 'kimi', 'paid'] as const;
export type ConnectionName = (typeof CONNECTIONS)[number];

export const GLM = 'zai/glm-5.1';
export const AIR = 'zai/glm-4.5-air';
export const KIMI = 'kimi/k3';
export const PAID = 'deepseek/deepseek-v4-flash';

export type Changes = Partial<Record<ConnectionName, Partial<TestConnection>>>;

export interface RoutedWorld extends AsyncDisposable {
  readonly providers: Readonly<Record<ConnectionName, SimulatedProvider>>;
  /** A gateway to all of them; it ends with the world. */
  gateway(options?: Partial<TestGatewayOptions>, changes?: Changes): Promise<TestGateway>;
  /** The same as a table for a gateway that runs. */
  options(options?: Partial<TestGatewayOptions>, changes?: Changes): TestGatewayOptions;
  /** Forgets requests and faults, and ends the gateways. */
  reset(): Promise<void>;
}

export async function startRoutedWorld(engine: { now?: () => number } = {}): Promise<RoutedWorld> {
  const [one, two, kimi, paid] = await Promise.all(
    ['zai', 'zai', 'kimi', 'deepseek'].map((slug) => startSimulatedProvider(slug, engine)),
  );
  if (!one || !two || !kimi || !paid) throw new Error('a provider did not start');
  const providers = { 'zai-one': one, 'zai-two': two, kimi, paid };
  const gateways: TestGateway[] = [];
  const options: RoutedWorld['options'] = (more = {}, changes = {}) => ({
    connections: CONNECTIONS.map((id) => ({
      id,
      provider: providers[id].slug,
      offering: id === 'paid' ? 'api' : 'coding-plan',
      secret: providers[id].keys.good,
      baseUrl: providers[id].url,
      models: MODELS[id],
      priority: CONNECTIONS.indexOf(id),
      ...changes[id],
    })),
    ...more,
  });
  const end = async (): Promise<void> => {
    for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]();
  };
  return {
    providers,
    options,
    async gateway(more, changes) {
      const gateway = await startTestGateway(options(more, changes));
      gateways.push(gateway);
      return gateway;
    },
    async reset() {
      await end();
      for (const provider of Object.values(providers)) {
        provider.setFault(null);
        provider.clearRequests();
      }
    },
    async [Symbol.asyncDispose]() {
      await end();
      await Promise.all(Object.values(providers).map((provider) => provider.close()));
    },
  };
}

const MODELS: Readonly<Record<ConnectionName, readonly string[]>> = {
  'zai-one': ['glm-5.1', 'glm-4.5-air'],
  'zai-two': ['glm-5.1', 'glm-4.5-air'],
  kimi: ['k3'],
  paid: ['deepseek-v4-flash'],
};

/** A clock that stands until it is set. */
export interface HandClock extends Clock {
  advance(ms: number): void;
}

export function handClock(start = Date.parse('2026-08-12T08:00:00Z')): HandClock {
  let passed = 0;
  return {
    now: () => start + passed,
    monotonic: () => passed,
    advance(ms) {
      passed += ms;
    },
  };
}

export const DIALECTS = {
  chat: '/v1/chat/completions',
  messages: '/v1/messages',
  responses: '/v1/responses',
} as const;
export type DialectName = keyof typeof DIALECTS;

export interface Question {
  /** None when left out. */
  readonly model?: string;
  readonly text?: string;
  readonly dialect?: DialectName;
  readonly stream?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Laid over the body. */
  readonly body?: object;
  readonly signal?: AbortSignal;
}

export function ask(gateway: TestGateway, question: Question = {}): Promise<PlainAnswer> {
  const { model, text = 'hi', dialect = 'chat', stream = false, headers, body, signal } = question;
  const said = [{ role: 'user', content: text }];
  return plainRequest(gateway.url + DIALECTS[dialect], {
    headers: { authorization: `Bearer ${gateway.key}`, ...headers },
    body: {
      ...(model !== undefined && { model }),
      stream,
      ...(dialect === 'responses' ? { input: said } : { messages: said }),
      ...(dialect === 'messages' && { max_tokens: 100 }),
      ...body,
    },
    ...(signal && { signal }),
  });
}

/** Which of the connections answered; null when none did. */
export function servedBy(answer: PlainAnswer): ConnectionName | null {
  if (answer.status !== 200) return null;
  const id = answer.headers['x-switchyard-connection'];
  return CONNECTIONS.find((name) => connectionId(name) === id) ?? null;
}

/** Code and words of an error, wherever a dialect has them. */
export function errorIn(answer: PlainAnswer): { readonly code: unknown; readonly message: string } {
  const { error } = answer.json() as { error?: { code?: unknown; message?: unknown; details?: unknown } };
  return { code: error?.code, message: String(error?.message) };
}
