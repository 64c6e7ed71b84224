/** What one route is sent for a request, and how its answer comes back: passed on, or translated both ways. */
import type { Clock } from '../domain/clock.js';
import { invariant } from '../domain/errors.js';
import type { CanonicalRequest } from '../protocols/canonical.js';
import type {
  ClientDialect,
  Dropped,
  PassthroughRepair,
  ProviderDialect,
  Repairs,
} from '../protocols/dialect.js';
import { appendMember, applyEdits, type Edit } from '../protocols/json-scan.js';
import { passthroughRepair, providerDialect, type Surface } from '../protocols/registry.js';
import type { Target } from '../protocols/target.js';
import type { PlannedRoute } from '../routing/plan.js';
import type { KeyEntry } from '../routing/table.js';
import type { AnswerPath } from './answer-path.js';
import { asJson, type CallerRequest } from './caller-request.js';
import { holdBytes, type HeldBytes } from './held-bytes.js';
import { createPassthrough } from './passthrough-answer.js';
import type { ReasoningMemory, ScopedMemory } from './reasoning-memory.js';
import { leaveOutForeignThoughts, replayIntoChat, withThoughts } from './replay.js';
import { targetOf } from './target-of.js';
import { createTranslation } from './translated-answer.js';
import { createTurnRecorder, type TurnRecorder } from './turn-recorder.js';

export interface PrepareDeps {
  readonly memory: ReasoningMemory;
  readonly clock: Clock;
}

/** A request, and who sent it where. */
export interface Asked {
  readonly request: CallerRequest;
  readonly surface: Surface;
  readonly caller: KeyEntry;
  readonly requestId: string;
}

export interface Prepared {
  readonly body: HeldBytes;
  readonly answer: AnswerPath;
  readonly dropped: Dropped;
  readonly repairs: Repairs;
}

/** Throws an AppError for what cannot be asked of this route. */
export function prepareFor(planned: PlannedRoute, asked: Asked, deps: PrepareDeps): Prepared {
  const { protocol, client } = asked.surface;
  if (planned.protocol === protocol.id) return passOn(planned, asked, deps);
  const dialect = providerDialect(planned.protocol);
  invariant(client && dialect, 'only routes that the request can be translated for are planned');
  return translate(planned, asked, { client, dialect }, deps);
}

/** The caller's bytes with the provider's own name for the model, and no more edits than its provider needs. */
export function bytesFor(
  { route, protocol }: PlannedRoute,
  { request, surface }: Pick<Asked, 'request' | 'surface'>,
): { readonly bytes: Buffer; readonly repairs: Repairs } {
  const { members, reading } = request;
  const target = targetOf(route);
  const bytes = request.body.bytes();
  // Only requests that could be translated have fields that providers are particular about.
  const repair = surface.client && passthroughRepair(protocol);
  const repaired = repair ? asJson(() => repair(bytes, members, target)) : NO_REPAIR;
  const usageEdits = target.quirks.noStreamOptions ? [] : reading.usageEdits;
  const edits: Edit[] = [...usageEdits, ...repaired.edits];
  const model = members.values.get('model');
  const name = JSON.stringify(route.model.upstreamId);
  edits.push(model ? { ...model, text: name } : appendMember(members, 'model', name));
  return { bytes: applyEdits(bytes, edits), repairs: repaired.repairs };
}

const NO_REPAIR: PassthroughRepair = { edits: [], repairs: [] };

function passOn(planned: PlannedRoute, asked: Asked, { memory }: PrepareDeps): Prepared {
  const { request, surface } = asked;
  const target = targetOf(planned.route);
  const dialect = providerDialect(planned.protocol);
  const scoped = scopeOf(memory, asked, target);
  const passed = bytesFor(planned, asked);
  const replayed = asJson(() => replayInto(passed.bytes, planned, memory.isEmpty, scoped));
  // Without tools nothing is called, and nothing of it is asked for again.
  const remembers = target.quirks.replays !== undefined && request.members.values.has('tools');
  return {
    body: holdBytes(applyEdits(passed.bytes, replayed.edits)),
    dropped: [],
    repairs: [...passed.repairs, ...replayed.repairs],
    answer: createPassthrough({
      surface,
      dialect,
      target,
      hideUsage: request.reading.usageEdits.length > 0,
      recorder: remembers && dialect ? recorderFor(scoped, request, { target, dialect }) : null,
    }),
  };
}

function replayInto(
  bytes: Buffer,
  { route, protocol }: PlannedRoute,
  isEmpty: boolean,
  memory: ScopedMemory,
): PassthroughRepair {
  // Members are found anew, since repairs may have moved everything.
  if (protocol === 'ANTHROPIC_MESSAGES') return isEmpty ? NO_REPAIR : leaveOutForeignThoughts(bytes, memory);
  const wanted = protocol === 'OPENAI_CHAT' && targetOf(route).quirks.replays === 'reasoning_content';
  return wanted ? replayIntoChat(bytes, memory) : NO_REPAIR;
}

function translate(
  planned: PlannedRoute,
  asked: Asked,
  { client, dialect }: { readonly client: ClientDialect; readonly dialect: ProviderDialect },
  { memory, clock }: PrepareDeps,
): Prepared {
  const { request, requestId } = asked;
  const target = targetOf(planned.route);
  const scoped = scopeOf(memory, asked, target);
  const read = request.canonical(client);
  const written = dialect.writeRequest(withThoughts(read.request, scoped, target), target);
  return {
    body: holdBytes(Buffer.from(JSON.stringify(written.body), 'utf8')),
    dropped: [...read.dropped, ...written.dropped],
    repairs: written.repairs,
    answer: createTranslation({
      client,
      dialect,
      target,
      context: {
        request: withoutTurns(read.request),
        model: target.model,
        answerId: requestId,
        createdAt: Math.floor(clock.now() / 1000),
      },
      recorder: recorderFor(scoped, request, { target, dialect }),
    }),
  };
}

/** What an answer is written with of its request: everything but the conversation, which is large and lives long enough. */
function withoutTurns(request: CanonicalRequest): CanonicalRequest {
  const messages = request.messages.filter(({ role }) => role === 'system' || role === 'developer');
  return { ...request, messages };
}

/** What is remembered of this conversation, to be written to: the request may be gone by the time of the answer. */
function recorderFor(
  memory: ScopedMemory,
  request: CallerRequest,
  from: { readonly target: Target; readonly dialect: ProviderDialect },
): TurnRecorder {
  request.conversation();
  return createTurnRecorder(memory, from);
}

function scopeOf(memory: ReasoningMemory, { caller, request }: Asked, { model }: Target): ScopedMemory {
  return memory.within({
    workspaceId: caller.workspace.id,
    accessKeyId: caller.key.id,
    conversation: request.conversation,
    model,
  });
}
