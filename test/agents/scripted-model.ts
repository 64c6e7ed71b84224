/** A simulated provider whose model does one thing: it has the agent run a tool, and says what came back from it. */
import type { WireProtocol } from '../../src/domain/vocabulary.js';
import { startEngine } from '../support/providers/engine.js';
import {
  type LoggedRequest,
  type SimulatedProvider,
  simulationOf,
} from '../support/providers/simulated-provider.js';
import type { ToolOrder } from './agents.js';

type Fields = Readonly<Record<string, unknown>>;

/** What the model does. */
export interface Script {
  readonly order: ToolOrder;
  /** What only the tool can have said. */
  readonly evidence: string;
}

export interface ScriptedProvider extends AsyncDisposable {
  readonly provider: SimulatedProvider;
  /** Starts over with another script. */
  follow(script: Script): void;
  /** Generations since then, oldest first. */
  generations(): readonly LoggedRequest[];
}

/** What the model says at the end, when it was told the evidence. */
export const saidOf = (evidence: string): string => `The tool said: ${evidence}`;

const FIRST_TOKENS = '[tokens in=1200 out=40 cached=800 reasoning=7]';
const LAST_TOKENS = '[tokens in=300 out=12 cached=2000]';
const ASIDE_TOKENS = '[tokens in=90 out=4]';

/** Its paths, keys, formats and ways to count are those of the provider. */
export async function startScriptedProvider(slug: string): Promise<ScriptedProvider> {
  let script: Script | null = null;
  let called = false;
  const orderFor = (body: Fields): string => {
    if (script === null) throw new Error('no script to follow');
    const { order, evidence } = script;
    const tool = toolNames(body).find((name) => name === order.tool || name.endsWith(`__${order.tool}`));
    if (JSON.stringify(turnsOf(body)).includes(evidence)) return `[say ${saidOf(evidence)}] ${LAST_TOKENS}`;
    // Agents also ask for titles and the like; and one that failed is not to try forever.
    if (tool === undefined || called) return `[say Nothing came back.] ${ASIDE_TOKENS}`;
    called = true;
    return `[tool ${tool} ${JSON.stringify(order.input)}] ${FIRST_TOKENS}`;
  };
  const simulation = simulationOf(slug);
  const provider = await startEngine({
    ...simulation,
    routes: simulation.routes.map((route) =>
      route.use === 'generation'
        ? {
            ...route,
            serve: (call) =>
              route.serve({ ...call, body: { ...call.body, ...asking(call.body, orderFor(call.body)) } }),
          }
        : route,
    ),
  });
  return {
    provider,
    follow(next) {
      script = next;
      called = false;
      provider.clearRequests();
    },
    generations: () => provider.requests.filter(({ method }) => method === 'POST'),
    [Symbol.asyncDispose]: () => provider.close(),
  };
}

/** The format a request came in. */
export function formatOf({ path }: LoggedRequest): WireProtocol | null {
  if (path.endsWith('/chat/completions')) return 'OPENAI_CHAT';
  if (path.endsWith('/messages')) return 'ANTHROPIC_MESSAGES';
  if (path.endsWith('/responses')) return 'OPENAI_RESPONSES';
  return /:(?:stream)?generateContent$/i.test(path) ? 'GEMINI' : null;
}

/** Results of tools that stand in a request in the way of its format, each behind the call it answers. */
export function answeredCalls(request: LoggedRequest): readonly string[] {
  const turns = listOf(turnsOf(request.body ?? {}));
  const parts = turns.flatMap((turn) => [turn, ...listOf(turn['content']), ...listOf(turn['parts'])]);
  const calls = new Set(
    [
      ...parts,
      ...turns.flatMap((turn) => listOf(turn['tool_calls'])),
      ...parts.map((part) => fieldsOf(part['functionCall'])),
    ].map((call) => call['call_id'] ?? call['id'] ?? call['name']),
  );
  return parts.flatMap((part) => {
    const response = fieldsOf(part['functionResponse']);
    const answers: readonly (readonly [id: unknown, text: unknown])[] = [
      [part['role'] === 'tool' ? part['tool_call_id'] : null, part['content']],
      [part['type'] === 'tool_result' ? part['tool_use_id'] : null, part['content']],
      [String(part['type']).endsWith('_call_output') ? part['call_id'] : null, part['output']],
      [response['id'] ?? response['name'], response['response']],
    ];
    return answers
      .filter(([id]) => typeof id === 'string' && calls.has(id))
      .map(([, text]) => JSON.stringify(text));
  });
}

function asking(body: Fields, order: string): Fields {
  if ('messages' in body) return { messages: [{ role: 'user', content: order }] };
  return 'contents' in body ? { contents: [{ role: 'user', parts: [{ text: order }] }] } : { input: order };
}

function turnsOf(body: Fields): unknown {
  return body['messages'] ?? body['input'] ?? body['contents'];
}

function toolNames(body: Fields): string[] {
  return listOf(body['tools'])
    .flatMap((tool) => [tool, fieldsOf(tool['function']), ...listOf(tool['functionDeclarations'])])
    .map(({ name }) => name)
    .filter((name) => typeof name === 'string');
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
