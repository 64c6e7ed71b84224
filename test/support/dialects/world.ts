/** A gateway in front of one provider of each dialect, every pair of dialects in reach. */
import type { EndRecord } from '../../../src/journal/record.js';
import { startTestGateway, type TestConnection, type TestGateway } from '../gateway.js';
import { startEngine } from '../providers/engine.js';
import { openAiCompatibleSimulation } from '../providers/openai-compatible.js';
import { startSimulatedProvider, type SimulatedProvider } from '../providers/simulated-provider.js';
import { until } from '../wait.js';

/** The dialect a provider speaks, and two of its models. */
export interface Out {
  readonly dialect: 'chat' | 'messages' | 'responses' | 'gemini';
  readonly model: string;
  readonly otherModel: string;
}

export const OUTS: readonly Out[] = [
  { dialect: 'chat', model: 'chatlab/glm-5.1', otherModel: 'chatlab/glm-4.7' },
  { dialect: 'messages', model: 'anthropic/claude-opus-5', otherModel: 'anthropic/claude-sonnet-4-6' },
  { dialect: 'responses', model: 'openai/o3-pro', otherModel: 'openai/o1-pro' },
  { dialect: 'gemini', model: 'gemini/gemini-3-pro-preview', otherModel: 'gemini/gemini-2.5-pro' },
];

export interface World extends AsyncDisposable {
  readonly gateway: TestGateway;
  provider(out: Out): SimulatedProvider;
  /** The journal's record of the one request that was made meanwhile. */
  recordOf(run: () => Promise<unknown>): Promise<EndRecord>;
}

/** Speaks chat completions and nothing else. */
const chatLab = openAiCompatibleSimulation({
  slug: 'chatlab',
  origins: { custom: ['https://chatlab.example'] },
  keys: { good: 'chatlab-good-key', bad: 'chatlab-bad-key', wrongProduct: null },
  models: [{ id: 'glm-5.1' }, { id: 'glm-4.7' }],
  base: '/v1',
  usage: { place: 'own-chunk', unasked: false, cached: 'details', reasoning: true },
});

export async function startWorld(): Promise<World> {
  const [chat, messages, responses, gemini] = await Promise.all([
    startEngine(chatLab),
    startSimulatedProvider('anthropic'),
    startSimulatedProvider('openai'),
    startSimulatedProvider('gemini'),
  ]);
  // Two that are called as responses only.
  responses.setModels([{ id: 'o3-pro' }, { id: 'o1-pro' }]);
  const providers = { chat, messages, responses, gemini };
  const gateway = await startTestGateway({
    customProviders: [
      {
        slug: 'chatlab',
        name: 'Chat Lab',
        billing: 'METERED',
        credential: 'API_KEY',
        protocol: 'OPENAI_CHAT',
        baseUrl: `${chat.url}/v1`,
        liveCatalog: false,
        models: [],
      },
    ],
    connections: OUTS.map(({ dialect, model, otherModel }): TestConnection => {
      const provider = providers[dialect];
      const [slug = ''] = model.split('/');
      return {
        provider: slug,
        offering: dialect === 'chat' ? 'custom' : 'api',
        secret: provider.keys.good,
        baseUrl: dialect === 'chat' ? `${provider.url}/v1` : provider.url,
        models: [model, otherModel].map((ref) => ref.slice(slug.length + 1)),
        // It speaks chat completions as well, and would be asked in those by whoever speaks them.
        ...(dialect === 'gemini' && { formats: ['GEMINI'] }),
      };
    }),
  });
  const ends = (): EndRecord[] => gateway.records.filter((record) => record.kind === 'end');
  return {
    gateway,
    provider: ({ dialect }) => providers[dialect],
    async recordOf(run) {
      const before = ends().length;
      await run();
      return until('the request ends in the journal', () => ends()[before]);
    },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await Promise.all(Object.values(providers).map((provider) => provider.close()));
    },
  };
}
