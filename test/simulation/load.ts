/** What a small team's agents send: conversations in working hours that grow with every request, and one that works at night. */
import { chanceFrom, type Chance } from './random.js';
import { DAY, HOUR, MINUTE, SECOND } from './time.js';

/** One request of a conversation. */
export interface LoadRequest {
  readonly at: number;
  readonly conversation: number;
  /** Everything sent, earlier turns included. */
  readonly inputTokens: number;
  /** Part of it that the request before did not send. */
  readonly newTokens: number;
  readonly outputTokens: number;
}

/** Conversations an agent begins in each hour of a working day, from midnight UTC. */
interface Agent {
  readonly byHour: readonly number[];
  /** Share of that on Saturdays and Sundays. */
  readonly weekend: number;
}

const DEVELOPER: Agent = {
  byHour: [0, 0, 0, 0, 0, 0, 0, 0.3, 1, 1.4, 1.6, 1.2, 0.5, 1.2, 1.5, 1.5, 1.2, 0.6, 0.2, 0, 0, 0, 0, 0],
  weekend: 0.05,
};
/** Works in the evening and at weekends. */
const HOBBYIST: Agent = {
  byHour: [0.2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.2, 0.6, 1, 1.4, 1.4, 1, 0.6],
  weekend: 1.6,
};
/** Reviews what the day brought. */
const NIGHTLY: Agent = {
  byHour: [0, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  weekend: 0.3,
};
const TEAM = [DEVELOPER, DEVELOPER, DEVELOPER, DEVELOPER, HOBBYIST, NIGHTLY];

/** Requests from Monday 0:00 UTC at `from` on, in the order of time. `volume` scales how many conversations there are. */
export function loadOf(from: number, days: number, volume: number, seed: number): LoadRequest[] {
  const chance = chanceFrom(seed);
  const requests: LoadRequest[] = [];
  let conversations = 0;
  for (const agent of TEAM) {
    for (let hour = 0; hour < days * 24; hour++) {
      const weekday = Math.floor(hour / 24) % 7;
      const expected = (agent.byHour[hour % 24] ?? 0) * (weekday < 5 ? 1 : agent.weekend) * volume;
      const begun = Math.floor(expected) + (chance.next() < expected % 1 ? 1 : 0);
      for (let i = 0; i < begun; i++) {
        const at = from + hour * HOUR + chance.between(0, HOUR);
        requests.push(...conversation(conversations++, at, chance));
      }
    }
  }
  return requests.filter(({ at }) => at < from + days * DAY).sort((a, b) => a.at - b.at);
}

/** 20 to 60 requests, in bursts while the agent works and with pauses while its developer reads. */
function conversation(id: number, begun: number, chance: Chance): LoadRequest[] {
  const requests: LoadRequest[] = [];
  let at = begun;
  // Instructions, tools and the first files: 60 to 100 KB.
  let newTokens = chance.between(15_000, 25_000);
  let inputTokens = newTokens;
  for (let left = chance.between(20, 60); left > 0; left--) {
    const outputTokens = chance.between(150, 1_500);
    requests.push({ at, conversation: id, inputTokens, newTokens, outputTokens });
    at +=
      chance.next() < 0.08
        ? chance.between(2 * MINUTE, 12 * MINUTE)
        : chance.between(6 * SECOND, 40 * SECOND);
    newTokens = outputTokens + chance.between(100, 1_500);
    inputTokens += newTokens;
  }
  return requests;
}
