/** Builders of offerings that speak OpenAI's dialect: what all of them share, so that a module states what differs. */
import type { WireProtocol } from '../domain/vocabulary.js';
import type { AuthHeader, Endpoint, ListedModel, OfferingDefinition } from './define-provider.js';
import { type ListEntry, parseModelList } from './model-list.js';

/** What an OpenAI-compatible offering has of its own. Any fact of an offering may be stated, and then holds. */
export interface OpenAiCompatible extends Partial<Omit<OfferingDefinition, 'catalog'>> {
  /** Its URL up to and including the version, without a slash behind: `/chat/completions` and `/models` follow. */
  readonly base: string;
  readonly catalog: OfferingDefinition['catalog'];
  /** Reads an entry of the model list; ids only when left out. */
  readonly readModel?: (entry: ListEntry) => ListedModel | null;
}

/**
 * An offering with chat completions and a model list under one base, called with a bearer key. Metered and with one
 * product unless said otherwise; the list proves the key unless `verify` names better calls.
 */
export function openAiCompatible({ base, readModel, ...own }: OpenAiCompatible): OfferingDefinition {
  const list = { url: `${base}/models`, auth: 'bearer' } as const;
  return {
    code: 'api',
    name: 'API',
    billing: 'METERED',
    credential: 'API_KEY',
    secretHint: null,
    foreignSecrets: [],
    termsNotice: null,
    plans: [],
    regions: [],
    endpoints: [chatAt(base)],
    models: { kind: 'live', ...list, parse: parseModelList(readModel) },
    verify: [list],
    reportsQuota: false,
    failures: [],
    sessionHeader: null,
    ...own,
  };
}

/** A server on the operator's own machine: nothing to pay, no key unless it was started with one. */
export function localServer(own: Omit<OpenAiCompatible, 'catalog'>): OfferingDefinition {
  return openAiCompatible({
    code: 'local',
    name: 'Local server',
    billing: 'LOCAL',
    credential: 'NONE',
    // Names of local models are their operator's choice: no catalogue knows what is behind one.
    catalog: { facts: [], prices: [] },
    ...own,
  });
}

/** Chat completions under a base. */
export function chatAt(base: string): Endpoint {
  return at('OPENAI_CHAT', `${base}/chat/completions`);
}

/** Responses under a base. */
export function responsesAt(base: string): Endpoint {
  return at('OPENAI_RESPONSES', `${base}/responses`);
}

/** Embeddings under a base: what its models that embed are called with. */
export function embeddingsAt(base: string): Endpoint {
  return at('OPENAI_EMBEDDINGS', `${base}/embeddings`);
}

/** Anthropic's Messages under a base, with the header its provider documents. */
export function messagesAt(base: string, auth: AuthHeader = 'bearer'): Endpoint {
  return at('ANTHROPIC_MESSAGES', `${base}/messages`, auth);
}

function at(protocol: WireProtocol, url: string, auth: AuthHeader = 'bearer'): Endpoint {
  return { protocol, url, auth };
}
