/** From a name to a model to the order of its routes. */
import { describe, expect, it } from 'vitest';
import type { WireProtocol } from '../../../src/domain/vocabulary.js';
import { decide } from '../../../src/routing/decide.js';
import { isAllowed } from '../../../src/routing/plan.js';
import { resolveModel } from '../../../src/routing/resolve.js';
import {
  SNAPSHOT_FORMAT,
  type ConnectionSnapshot,
  type ModelSnapshot,
} from '../../../src/routing/snapshot.js';
import { compileTable, type WorkspaceTable } from '../../../src/routing/table.js';

type Via = { connectionId: string; protocols: ('OPENAI_CHAT' | 'ANTHROPIC_MESSAGES')[] };
const BOTH: Via['protocols'] = ['OPENAI_CHAT', 'ANTHROPIC_MESSAGES'];

const connection = (id: string, name: string, more: Partial<ConnectionSnapshot> = {}): ConnectionSnapshot => {
  const [provider = '', offering = ''] = name.split('/');
  return {
    id,
    provider,
    offering,
    billing: 'SUBSCRIPTION',
    region: null,
    baseUrl: null,
    priority: 0,
    secret: null,
    planCode: null,
    quota: [],
    cooldowns: [],
    cooldownsClearedAt: 0,
    maxConcurrency: null,
    ...more,
  };
};
const model = (ref: string, via: Via[]): ModelSnapshot => ({
  id: `mdl_${ref}`,
  ref,
  provider: ref.slice(0, ref.indexOf('/')),
  upstreamId: ref.slice(ref.indexOf('/') + 1),
  displayName: ref,
  firstSeenAt: 0,
  contextWindow: null,
  maxOutputTokens: null,
  capabilities: [],
  price: null,
  via,
});
function workspace(models: ModelSnapshot[], connections: ConnectionSnapshot[]): WorkspaceTable {
  const accessKeys = [{ id: 'key_1', hash: 'h', validUntil: null, allowedModels: [], allowedTiers: [] }];
  const table = compileTable({
    format: SNAPSHOT_FORMAT,
    version: 1,
    builtAt: 0,
    workspaces: [
      {
        id: 'ws_1',
        slug: 'one',
        customProviders: [],
        accessKeys,
        connections,
        models,
        tiers: [],
        rules: [],
        classifierWeights: null,
      },
    ],
  });
  const entry = table.keys.get('h');
  if (!entry) throw new Error('the key is in the table');
  return entry.workspace;
}

const ZAI = { connectionId: 'c1', protocols: BOTH };
const CONNECTIONS = [connection('c1', 'zai/coding-plan')];

describe('a name', () => {
  const here = workspace(
    [
      model('zai/glm-5.1', [ZAI]),
      model('nano-gpt/glm-5.1', [ZAI]),
      model('nano-gpt/moonshotai/Kimi-K2', [ZAI]),
      model('ollama-cloud/qwen3-coder:480b', [ZAI]),
      model('zai/glm-4.7', [ZAI]),
      model('nano-gpt/glm-4.7', []),
      model('zai/unserved', []),
    ],
    CONNECTIONS,
  );
  const meaning = (name: string): unknown => {
    const found = resolveModel(here, name);
    return found.kind === 'model'
      ? found.entry.model.ref
      : found.kind === 'ambiguous'
        ? found.candidates
        : found.kind;
  };
  it.each([
    ['its reference', 'zai/glm-5.1', 'zai/glm-5.1'],
    ['an alias of its provider', 'z-ai/glm-5.1', 'zai/glm-5.1'],
    ['the provider in upper case', 'ZAI/glm-5.1', 'zai/glm-5.1'],
    ['a bare name that one provider serves', 'qwen3-coder:480b', 'ollama-cloud/qwen3-coder:480b'],
    ['a size in a reference', 'ollama-cloud/qwen3-coder:480b', 'ollama-cloud/qwen3-coder:480b'],
    ['slashes in the provider’s own id', 'nano-gpt/moonshotai/Kimi-K2', 'nano-gpt/moonshotai/Kimi-K2'],
    ['a bare name with a slash', 'moonshotai/Kimi-K2', 'nano-gpt/moonshotai/Kimi-K2'],
    ['a bare name that another only used to serve', 'glm-4.7', 'zai/glm-4.7'],
    ['a model without a connection, to say so', 'unserved', 'zai/unserved'],
    ['several', 'glm-5.1', ['nano-gpt/glm-5.1', 'zai/glm-5.1']],
    ['one in another case, when only one differs in nothing else', 'zai/GLM-5.1', 'zai/glm-5.1'],
    ['none: the size belongs to it', 'qwen3-coder', 'unknown'],
    ['none: an empty id', 'zai/', 'unknown'],
    ['none: another object’s members', '__proto__', 'unknown'],
  ])('means %s', (_what, name, expected) => expect(meaning(name)).toEqual(expected));
});

describe('a plan', () => {
  it('goes by priority, then by what is paid for already, then by age, and only where the format is spoken', () => {
    const connections = [
      connection('c5', 'zai/api', { billing: 'METERED', priority: 1 }),
      connection('c4', 'zai/api', { billing: 'METERED' }),
      connection('c3', 'zai/coding-plan'),
      connection('c2', 'zai/coding-plan'),
      connection('c1', 'zai/coding-plan', { priority: 2 }),
      connection('c0', 'nobody/nothing'),
    ];
    const via = connections.map(({ id }) => ({ connectionId: id, protocols: id === 'c3' ? [] : BOTH }));
    const here = workspace(
      [model('zai/m', [...via, { connectionId: 'gone', protocols: BOTH }])],
      connections,
    );
    const order = candidatesFor(here, 'OPENAI_CHAT', false)
      .filter(({ skip }) => skip === null)
      .map(({ route }) => route?.connection.id);
    expect(order).toEqual(['c2', 'c4', 'c5', 'c1']);
  });

  it('takes each route in the client’s format where it is spoken, else in the one preferred there, if it can be translated', () => {
    const via = [
      { connectionId: 'c1', protocols: BOTH },
      { connectionId: 'c2', protocols: ['ANTHROPIC_MESSAGES'] satisfies Via['protocols'] },
    ];
    const connections = [connection('c1', 'zai/coding-plan'), connection('c2', 'zai/coding-plan')];
    const here = workspace([model('zai/m', via)], connections);
    const formats = (protocol: WireProtocol, translatable: boolean) =>
      candidatesFor(here, protocol, translatable).flatMap((candidate) => candidate.protocol ?? []);
    expect(formats('ANTHROPIC_MESSAGES', true)).toEqual(['ANTHROPIC_MESSAGES', 'ANTHROPIC_MESSAGES']);
    expect(formats('OPENAI_CHAT', true)).toEqual(['OPENAI_CHAT', 'ANTHROPIC_MESSAGES']);
    expect(formats('OPENAI_RESPONSES', true)).toEqual(['OPENAI_CHAT', 'ANTHROPIC_MESSAGES']);
    expect(formats('OPENAI_CHAT', false)).toEqual(['OPENAI_CHAT']);
    expect(formats('OPENAI_EMBEDDINGS', false)).toEqual([]);
  });
});

/** The ways to zai/m for a client of a format. */
function candidatesFor(here: WorkspaceTable, protocol: WireProtocol, translatable: boolean) {
  const traits = {
    model: 'zai/m',
    header: () => undefined,
    protocol,
    translatable,
    inputTokens: 0,
    outputTokens: 0,
    capabilities: [],
    classify: () => {
      throw new Error('a named model needs no class');
    },
  };
  const conditions = { now: 0, hold: () => null, quota: () => [], firstTokenMs: () => null, affinity: null };
  return decide(here, { key: null, traits, conditions }).candidates;
}

describe('what a key may use', () => {
  const allows = (allowedModels: string[], ref: string): boolean =>
    isAllowed({ id: 'k', hash: 'h', validUntil: null, allowedModels, allowedTiers: [] }, ref);
  it.each([
    [[], 'zai/glm-5.1', true],
    [['zai/glm-5.1'], 'zai/glm-5.1', true],
    [['zai/glm-5.1'], 'zai/glm-5.1-air', false],
    [['zai/*'], 'zai/glm-5.1', true],
    [['zai/*'], 'zai-x/glm-5.1', false],
    [['kimi/*', 'zai/a'], 'zai/b', false],
    [['nano-gpt/*'], 'nano-gpt/a/b', true],
  ])('%j: %s is %s', (patterns, ref, expected) => expect(allows(patterns, ref)).toBe(expected));
});
