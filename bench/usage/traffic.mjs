/** Made-up traffic: what gateways write to the journal, spread over models, tiers and keys as a team's is. */
import { newId, siblingId } from '../../dist/src/domain/ids.js';

const MODELS = [
  ['zai', 'coding-plan', 'SUBSCRIPTION', 'glm-5.1'],
  ['zai', 'coding-plan', 'SUBSCRIPTION', 'glm-5-air'],
  ['kimi', 'coding-plan', 'SUBSCRIPTION', 'k2.5'],
  ['openai', 'api', 'METERED', 'gpt-6'],
  ['openai', 'api', 'METERED', 'gpt-6-mini'],
  ['anthropic', 'api', 'METERED', 'claude-opus-5'],
  ['anthropic', 'api', 'METERED', 'claude-haiku-5'],
  ['ollama', 'local', 'LOCAL', 'qwen4'],
];
export const TIERS = ['simple', 'standard', 'complex', 'reasoning', 'default'];
export const KEYS = 20;
export const keyId = (n) => `key_01KFXJ6M00000000000000${String(n).padStart(4, '0')}`;
const FAILED_SHARE = 0.03;

const price = {
  id: 'price_bench',
  input: '1000000000',
  output: '3200000000',
  cacheRead: '200000000',
  cacheWrite: null,
};
const failure = {
  class: 'UPSTREAM_ERROR',
  httpStatus: 503,
  message: 'The provider is overloaded.',
  retryAt: null,
};

const oneOf = (list) => list[Math.floor(Math.random() * list.length)];

/** The records of one request that ends at `at`: admitted, its target known, ended. */
export function request(workspaceId, at) {
  const durationMs = Math.round(400 * Math.exp(Math.random() * 4));
  const id = newId('event', at - durationMs);
  const [provider, offering, billing, model] = oneOf(MODELS);
  const failed = Math.random() < FAILED_SHARE;
  const admitted = {
    id,
    workspaceId,
    requestId: siblingId('request', id),
    accessKeyId: keyId(Math.floor(Math.random() * KEYS)),
    requestedModel: 'auto',
    protocol: 'OPENAI_CHAT',
    streamed: true,
    tierId: null,
    tierSlug: oneOf(TIERS),
    reason: 'tier',
  };
  const attempt = {
    modelRef: `${provider}/${model}`,
    provider,
    offering: `${provider}/${offering}`,
    connectionId: `conn_01KFXJ6M0000000000000000${provider.slice(0, 2).toUpperCase()}`,
    billing,
    price,
    failure: failed ? failure : null,
    tokens: {
      input: Math.floor(Math.random() * 20_000),
      cacheRead: Math.floor(Math.random() * 60_000),
      cacheWrite: 0,
      output: Math.floor(Math.random() * 2_000),
      reasoning: null,
    },
    tokenSource: 'REPORTED',
    durationMs,
  };
  return [
    { kind: 'begin', request: admitted },
    { kind: 'progress', id, attempts: [attempt], firstTokenMs: null },
    {
      kind: 'end',
      request: admitted,
      occurredAt: at,
      durationMs,
      firstTokenMs: Math.round(durationMs / 4),
      status: failed ? 'FAILED' : 'OK',
      failure: failed ? failure : null,
      attempts: [attempt],
    },
  ];
}
