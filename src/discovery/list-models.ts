/** The models one connection offers now, as its provider lists them. */
import { MODEL_LIST_PAGES_MAX, MODEL_LIST_TIMEOUT_MS } from '../config/limits.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { ListedModel, ModelSource } from '../providers/define-provider.js';
import { classifyFailure, isErrorBody, readErrorAnswer } from '../providers/failure.js';
import { askProvider, withoutSecret, type AskProviderDeps, type ProviderAccess } from './ask-provider.js';

export type ModelListing =
  | { readonly ok: true; readonly models: readonly ListedModel[] }
  | { readonly ok: false; readonly failure: UpstreamFailure };

type LiveSource = ModelSource & { readonly kind: 'live' };
type ListedPage = { readonly models: readonly ListedModel[]; readonly next: string | null };

/**
 * Reads the list, page by page within one deadline. One that is empty, has no end or does not read as a list is a failure:
 * providers answer so when something is wrong with them, and nothing known may be given up for it.
 */
export async function listModels(
  deps: AskProviderDeps,
  access: ProviderAccess,
  signal?: AbortSignal,
): Promise<ModelListing> {
  const { models: source } = access.offering;
  if (source.kind === 'curated') return { ok: true, models: source.models };
  const deadline = deps.clock.monotonic() + MODEL_LIST_TIMEOUT_MS;
  const models: ListedModel[] = [];
  let url: string | null = source.url;
  for (let page = 0; url !== null && page < MODEL_LIST_PAGES_MAX; page++) {
    const timeoutMs = Math.max(1, Math.round(deadline - deps.clock.monotonic()));
    const read = await readPage(deps, access, { ...source, url }, timeoutMs, signal);
    if ('class' in read) return { ok: false, failure: withoutSecret(read, access.secret) };
    models.push(...read.models);
    url = read.next;
  }
  if (url !== null) {
    return {
      ok: false,
      failure: incomplete(200, `The provider's list goes on after ${MODEL_LIST_PAGES_MAX} pages.`),
    };
  }
  if (models.length === 0) {
    return {
      ok: false,
      failure: incomplete(200, 'The provider listed no models; what was known before is kept.'),
    };
  }
  return { ok: true, models: firstOfEach(models) };
}

async function readPage(
  deps: AskProviderDeps,
  access: ProviderAccess,
  source: LiveSource,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<ListedPage | UpstreamFailure> {
  const asked = await askProvider(deps, access, source, timeoutMs, signal);
  if ('failure' in asked) return asked.failure;
  const { status, bodyText, hints } = asked.answer;
  const body = parseJson(bodyText);
  if (status < 200 || status >= 300 || isErrorBody(body)) {
    return classifyFailure(access.offering, readErrorAnswer(status, bodyText), hints);
  }
  const models = parseList(source, body);
  if (models === null) {
    return incomplete(status, 'The provider answered with something that is not a list of models.');
  }
  return { models, next: source.nextPage?.(body) ?? null };
}

function parseList(source: LiveSource, body: unknown): readonly ListedModel[] | null {
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
