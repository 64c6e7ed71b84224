/** What a gateway knows at the moment of a decision, and what it learns from how attempts end. */
import { createHash } from 'node:crypto';
import type { Clock } from '../domain/clock.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { Surface } from '../protocols/registry.js';
import type { CooldownBook } from '../routing/cooldown-book.js';
import { decide } from '../routing/decide.js';
import type { Affinity, Conditions, Decision, Hold, RequestTraits } from '../routing/decision.js';
import { likelyResetOf } from '../routing/quota-outlook.js';
import type { KeyEntry, RouteEntry } from '../routing/table.js';
import type { Affinities } from './affinity.js';
import type { CallerRequest } from './caller-request.js';
import type { Latencies } from './latencies.js';
import { traitsOf } from './traits.js';

export interface LiveRouting {
  readonly cooldowns: CooldownBook;
  readonly affinities: Affinities;
  readonly latencies: Latencies;
  readonly clock: Clock;
}

/** A decision, kept in touch with what happens while it is carried out. */
export interface Routed {
  readonly decision: Decision;
  /** Of the request; worked out when it is looked at. */
  readonly size: Pick<RequestTraits, 'inputTokens' | 'outputTokens'>;
  /** What keeps requests from a route by now; null when nothing does. */
  hold(route: RouteEntry): Hold | null;
  /** An attempt begins. */
  sent(route: RouteEntry): RouteTrial;
}

/** One attempt under way. The first of its ends counts. */
export interface RouteTrial {
  /** The answer has begun. `firstTokenMs`: how long that took in a stream; null where it says nothing. */
  answered(firstTokenMs: number | null): void;
  failed(failure: UpstreamFailure): void;
}

export interface RoutingInput {
  readonly caller: KeyEntry;
  readonly surface: Surface;
  readonly request: CallerRequest;
}

/** Throws an AppError for a request that no way leads to, whatever the state of things. */
export async function routeRequest(live: LiveRouting, input: RoutingInput): Promise<Routed> {
  const { caller, surface, request } = input;
  const { cooldowns, affinities, latencies, clock } = live;
  const conversation = createConversationMemory(live, input);
  // Other gateways are asked before the decision, which waits for nobody.
  if (affinities.isShared) await conversation.ask();
  const quotaOf = (connectionId: string) => caller.workspace.connections.get(connectionId)?.quota ?? [];
  const conditions: Conditions = {
    now: clock.now(),
    hold: (connectionId, modelRef) => cooldowns.hold(connectionId, modelRef),
    quota: quotaOf,
    firstTokenMs: (connectionId, modelRef) => latencies.typical(connectionId, modelRef),
    get affinity() {
      return conversation.affinity();
    },
  };
  const traits = traitsOf({ request, surface, workspace: caller.workspace, affinity: conversation.affinity });
  const decision = decide(caller.workspace, { key: caller.key, traits, conditions });
  const tierSlug = decision.classification?.tierSlug ?? null;
  // A title or a summary that an agent asks for beside the conversation says nothing about where that is at home.
  const isAside = decision.classification?.signals.some(({ name }) => name === SIDE_JOB) ?? false;
  return {
    decision,
    size: traits,
    hold: ({ connection, model }) => cooldowns.hold(connection.id, model.ref),
    sent({ connection, model }) {
      const trial = cooldowns.sent(connection.id, model.ref);
      return {
        answered(firstTokenMs) {
          trial.succeeded();
          if (firstTokenMs !== null) latencies.measured(connection.id, model.ref, firstTokenMs);
          if (!isAside) conversation.stay({ connectionId: connection.id, modelRef: model.ref, tierSlug });
        },
        failed(failure) {
          if (failure.class === 'CANCELLED') return trial.unclear();
          trial.failed(failure, likelyResetOf(quotaOf(connection.id), model.ref, clock.now()));
        },
      };
    },
  };
}

/** Signal of the classifier for what is not part of the conversation. */
const SIDE_JOB = 'side_job';

interface ConversationMemory {
  /** Learns from other gateways. */
  ask(): Promise<void>;
  affinity(): Affinity | null;
  stay(affinity: Affinity): void;
}

/**
 * Which conversation it is takes a hash to know, so that it is found out only where it matters. What an agent calls by
 * different names are different models to it, each with a cache of its own.
 */
function createConversationMemory({ affinities }: LiveRouting, input: RoutingInput): ConversationMemory {
  const { caller, request } = input;
  let key: string | null = null;
  let known: Affinity | null | undefined;
  const keyOf = (): string => {
    if (key !== null) return key;
    const parts = [caller.workspace.id, caller.key.id, request.requestedModel, request.conversation()];
    // What clients call a conversation may be long, and many are remembered.
    key = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
    return key;
  };
  return {
    async ask() {
      known = await affinities.find(keyOf());
    },
    affinity() {
      if (known === undefined) known = affinities.local(keyOf());
      return known;
    },
    stay(affinity) {
      // One that was never told apart had nowhere else to go.
      if (key !== null) affinities.remember(key, affinity);
    },
  };
}
