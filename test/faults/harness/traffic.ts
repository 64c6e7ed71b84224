/** Agents that keep what they were told: each call's id, the tokens its answer states, and whether it came whole. */
import { request as httpRequest } from 'node:http';

export const PLAN_MODEL = 'zai/glm-5.1';
export const METERED_MODEL = 'opencode/glm-5.2';

/** An agent that is refused asks again, but not at once. */
const REFUSED_PAUSE_MS = 20;

export interface Call {
  readonly dialect: 'chat' | 'messages';
  readonly input: number;
  readonly output: number;
  /** Made to last until something ends it. */
  readonly endless: boolean;
  /** Ended by its agent. */
  cancelled: boolean;
  /** Null until the head of the answer came. */
  requestId: string | null;
  outcome: 'open' | 'whole' | 'cut';
}

export interface Burst {
  /** Resolves when every call of it is over. */
  readonly settled: Promise<unknown>;
  /** Lets the agents of the endless streams go away. */
  cancel(): void;
}

export interface Load {
  /** Calls that were answered whole since it began. */
  readonly answered: number;
  /** No call begins any more; resolves when the last is over. */
  stop(): Promise<void>;
}

export interface Traffic {
  readonly calls: readonly Call[];
  /** Sends requests one after the other; throws when one is not answered whole. */
  whole(count: number): Promise<void>;
  /** Four streams that are under way and never end by themselves, and whole requests in flight. */
  burst(): Promise<Burst>;
  /** Agents that ask again as soon as they have their answer. */
  load(agents: number): Load;
}

interface Sent {
  readonly call: Call;
  readonly begun: Promise<void>;
  readonly over: Promise<void>;
}

export function createTraffic(gatewayUrl: () => string, key: string): Traffic {
  const calls: Call[] = [];
  let serial = 0;

  const send = (kind: { endless: boolean; streamed: boolean }, signal?: AbortSignal): Sent => {
    serial++;
    const dialect = serial % 2 === 0 ? 'chat' : 'messages';
    const call: Call = {
      dialect,
      input: 1_000 + serial,
      output: 100 + serial,
      endless: kind.endless,
      cancelled: false,
      requestId: null,
      outcome: 'open',
    };
    calls.push(call);
    const pace = kind.endless ? '[frames 5000 every 20ms]' : '[frames 6 every 4ms]';
    const body = JSON.stringify({
      // The metered models speak chat completions only.
      model: dialect === 'chat' && serial % 4 === 0 ? METERED_MODEL : PLAN_MODEL,
      max_tokens: 100,
      stream: kind.streamed,
      messages: [{ role: 'user', content: `${pace}[tokens in=${call.input} out=${call.output}]` }],
    });
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const over = new Promise<void>((resolve) => {
      const finish = (outcome: 'whole' | 'cut'): void => {
        if (call.outcome === 'open') call.outcome = outcome;
        begin();
        resolve();
      };
      const path = dialect === 'chat' ? '/v1/chat/completions' : '/v1/messages';
      const request = httpRequest(
        `${gatewayUrl()}${path}`,
        {
          method: 'POST',
          agent: false,
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          ...(signal && { signal }),
        },
        (response) => {
          const id = response.headers['x-request-id'];
          call.requestId = typeof id === 'string' ? id : null;
          response.on('data', begin);
          response.once('end', () => finish(response.statusCode === 200 ? 'whole' : 'cut'));
          response.once('error', () => finish('cut'));
        },
      );
      request.once('error', () => finish('cut'));
      request.end(body);
    });
    return { call, begun, over };
  };

  return {
    calls,
    async whole(count) {
      for (let i = 0; i < count; i++) {
        const { call, over } = send({ endless: false, streamed: i % 2 === 0 });
        await over;
        if (call.outcome !== 'whole') throw new Error(`a request was not answered: ${JSON.stringify(call)}`);
      }
    },
    async burst() {
      const controller = new AbortController();
      const endless = Array.from({ length: 4 }, () =>
        send({ endless: true, streamed: true }, controller.signal),
      );
      await Promise.all(endless.map(({ begun }) => begun));
      const short = Array.from({ length: 12 }, (_, i) => send({ endless: false, streamed: i % 3 !== 0 }));
      await short[0]?.begun;
      return {
        settled: Promise.all([...endless, ...short].map(({ over }) => over)),
        cancel() {
          for (const { call } of endless) if (call.outcome === 'open') call.cancelled = true;
          controller.abort();
        },
      };
    },
    load(agents) {
      let stopped = false;
      let answered = 0;
      const agent = async (): Promise<void> => {
        while (!stopped) {
          const { call, over } = send({ endless: false, streamed: serial % 3 !== 0 });
          await over;
          if (call.outcome === 'whole') answered++;
          else await new Promise((resolve) => setTimeout(resolve, REFUSED_PAUSE_MS));
        }
      };
      const running = Promise.all(Array.from({ length: agents }, agent));
      return {
        get answered() {
          return answered;
        },
        async stop() {
          stopped = true;
          await running;
        },
      };
    },
  };
}
