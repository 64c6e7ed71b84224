/** What writers of requests are told about a model. */
import { describe, expect, it } from 'vitest';
import type { ModelCapability } from '../../../src/domain/vocabulary.js';
import { targetOf } from '../../../src/gateway/target-of.js';
import { findProvider } from '../../../src/providers/registry.js';

const offering = findProvider('opencode-go')?.offerings[0];

function capabilitiesFor(capabilities: readonly ModelCapability[]): readonly ModelCapability[] {
  if (!offering) throw new Error('there is no such offering');
  const model = {
    id: 'model_TEST',
    ref: 'opencode-go/new-model',
    provider: 'opencode-go',
    upstreamId: 'new-model',
    displayName: 'New',
    firstSeenAt: 0,
    contextWindow: null,
    maxOutputTokens: null,
    capabilities,
    price: null,
    via: [],
  };
  return targetOf({ model, offering }).capabilities;
}

describe('the target of a request', () => {
  it('is no model that cannot think only because nobody has described it yet', () => {
    expect(capabilitiesFor(['STREAMING'])).toEqual([]);
  });

  it('has the capabilities that are known', () => {
    expect(capabilitiesFor(['STREAMING', 'TOOLS'])).toEqual(['STREAMING', 'TOOLS']);
  });
});
