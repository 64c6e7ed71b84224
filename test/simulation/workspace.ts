/** The workspace of the simulation: one tier over three plans and a metered key, compiled as the gateway compiles it. */
import type { TargetStrategy } from '../../src/domain/vocabulary.js';
import { DEFAULT_RETRY_ON } from '../../src/routing/defaults.js';
import { SNAPSHOT_FORMAT, type ConnectionSnapshot, type ModelSnapshot } from '../../src/routing/snapshot.js';
import { compileTable, type WorkspaceTable } from '../../src/routing/table.js';
import type { PlanDescription } from './plans.js';

type Access = Pick<PlanDescription, 'id' | 'provider' | 'offering' | 'model'>;

/** The key that is paid by the token. */
export const METERED: Access = {
  id: 'metered',
  provider: 'openrouter',
  offering: 'api',
  model: 'z-ai/glm-5.1',
};

export function compileWorkspace(plans: readonly Access[], strategy: TargetStrategy): WorkspaceTable {
  const all = [...plans, METERED];
  const table = compileTable({
    format: SNAPSHOT_FORMAT,
    version: 1,
    builtAt: 0,
    workspaces: [
      {
        id: 'ws_1',
        slug: 'team',
        accessKeys: [{ id: 'key_1', hash: 'hash', validUntil: null, allowedModels: [], allowedTiers: [] }],
        customProviders: [],
        connections: all.map(connectionOf),
        models: all.map(modelOf),
        tiers: [
          {
            id: 'tier_1',
            slug: 'default',
            name: 'Default',
            isDefault: true,
            strategy,
            targets: all.map((access) => ({ modelRef: refOf(access), billing: null, connectionId: null })),
            retryOn: DEFAULT_RETRY_ON,
            maxAttempts: 5,
            fallbackTierId: null,
          },
        ],
        rules: [],
        classifierWeights: null,
      },
    ],
  });
  const entry = table.keys.get('hash');
  if (!entry) throw new Error('the key is in the table');
  return entry.workspace;
}

function refOf({ provider, model }: Access): string {
  return `${provider}/${model}`;
}

function connectionOf({ id, provider, offering }: Access): ConnectionSnapshot {
  return {
    id,
    provider,
    offering,
    billing: id === METERED.id ? 'METERED' : 'SUBSCRIPTION',
    region: null,
    baseUrl: null,
    priority: 0,
    secret: null,
    planCode: null,
    quota: [],
    cooldowns: [],
    cooldownsClearedAt: 0,
    maxConcurrency: null,
  };
}

function modelOf(access: Access): ModelSnapshot {
  return {
    id: `mdl_${access.id}`,
    ref: refOf(access),
    provider: access.provider,
    upstreamId: access.model,
    displayName: access.model,
    firstSeenAt: 0,
    contextWindow: 200_000,
    maxOutputTokens: null,
    capabilities: [],
    price: null,
    via: [{ connectionId: access.id, protocols: ['OPENAI_CHAT'] }],
  };
}
