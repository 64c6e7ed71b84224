/** The models one connection offers now, as its provider lists them. */
import { MODEL_LIST_TIMEOUT_MS } from '../config/limits.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { ListedModel, ModelSource } from '../providers/define-provider.js';
import { classifyFailure, isErrorBody, readErrorAnswer } from '../providers/failure.js';
import { askProvider, withoutSecret, type AskProviderDeps, type ProviderAccess } from './ask-provider.js';

export type ModelListing =
  | { readonly ok: true; readonly models: readonly ListedModel[] }
  | { readonly ok: false; readonly failure: UpstreamFailure };

/**
 * Reads the list. One that is empty or does not read as a list is a failure: providers answer so when something is wrong
 * with them, and nothing known may be given up for it.
 */
export async function listModels(
  deps: AskProviderDeps,
  access: ProviderAccess,
  signal?: AbortSignal,
): Promise<ModelListing> {
  const { models: source } = access.offering;
  if (source.kind === 'curated') return { ok: true, models: source.models };
  const asked = await askProvider(deps, access, source, MODEL_LIST_TIMEOUT_MS, signal);
  if ('failure' in asked) return refused(asked.failure, access);

  const { status, bodyText, hints } = asked.answer;
  const body = parseJson(bodyText);
  if (status < 200 || status >= 300 || isErrorBody(body)) {
    return refused(classifyFailure(access.offering, readErrorAnswer(status, bodyText), hints), access);
  }
  const models = parseList(source, body);
  if (models === null) {
    return refused(
      incomplete(status, 'The provider answered with something that is not a list of models.'),
      access,
    );
  }
  if (models.length === 0) {
    return refused(
      incomplete(status, 'The provider listed no models; what was known before is kept.'),
      access,
    );
  }
  return { ok: true, models: firstOfEach(models) };
}

function parseList(source: ModelSource & { kind: 'live' }, body: unknown): readonly ListedModel[] | null {
  try {
    return source.parse(body);
  } catch {
    return null;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Lists have been seen to name a model twice; it is one row here. */
function firstOfEach(models: readonly ListedModel[]): readonly ListedModel[] {
  const byId = new Map<string, ListedModel>();
  for (const model of models) if (!byId.has(model.upstreamId)) byId.set(model.upstreamId, model);
  return [...byId.values()];
}

function incomplete(httpStatus: number, message: string): UpstreamFailure {
  return { class: 'INCOMPLETE_ANSWER', httpStatus, message, retryAt: null };
}

function refused(failure: UpstreamFailure, access: ProviderAccess): ModelListing {
  return { ok: false, failure: withoutSecret(failure, access.secret) };
}
