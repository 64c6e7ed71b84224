/**
 * Real agents through the real program: each asks a model of another format than its own, runs the tool that the model calls
 * and reads the answer to its result. Says what was run; exits with 1 when anything failed.
 *
 * The agents are installed from the npm registry into a temporary folder, or into `AGENTS_CACHE`, where they stay. Arguments
 * choose cases by words of their names.
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChatProtocol } from '../../src/domain/vocabulary.js';
import { connect, makeKey, recordedEvents } from '../support/operator.js';
import { createInstallation, type Switchyard } from '../support/switchyard.js';
import { makeTempDir } from '../support/temp-dir.js';
import { until } from '../support/wait.js';
import { type Agent, claudeCode, codex, opencode, type ToolOrder } from './agents.js';
import { install, type Installed } from './install.js';
import {
  answeredCalls,
  formatOf,
  saidOf,
  type ScriptedProvider,
  startScriptedProvider,
} from './scripted-model.js';

const RUN_DEADLINE_MS = 120_000;
const PROMPT = 'Write the proof into proof.txt.';
const PROOF = 'proof-42';
/** The shell works the proof out, so that neither the prompt nor the call has it. */
const COMMAND = 'echo proof-$((20 + 22)) | tee proof.txt';

interface Case {
  readonly agent: Agent;
  readonly provider: string;
  readonly model: string;
  /** What the provider speaks with that model. */
  readonly format: ChatProtocol;
  /** How the proof is made, where not by the agent's shell. */
  readonly by?: { readonly name: string; readonly order: ToolOrder; readonly evidence: string };
}

const PATCH = `*** Begin Patch\n*** Add File: proof.txt\n+${PROOF}\n*** End Patch\n`;
const applyPatch = {
  name: 'a free-text tool',
  order: { tool: 'apply_patch', input: { input: PATCH } },
  evidence: 'A proof.txt',
};
const script = {
  name: 'a free-text tool in a namespace',
  order: {
    tool: 'exec',
    input: { input: `text(await tools.exec_command({ cmd: ${JSON.stringify(COMMAND)} }));` },
  },
  evidence: PROOF,
};

const CASES: readonly Case[] = [
  { agent: claudeCode, provider: 'opencode-go', model: 'minimax-m3', format: 'ANTHROPIC_MESSAGES' },
  { agent: claudeCode, provider: 'opencode-go', model: 'glm-5.1', format: 'OPENAI_CHAT' },
  { agent: claudeCode, provider: 'opencode-go', model: 'gpt-5.6-luna', format: 'OPENAI_RESPONSES' },
  { agent: claudeCode, provider: 'gemini', model: 'gemini-3-pro-preview', format: 'GEMINI' },
  { agent: codex, provider: 'opencode-go', model: 'grok-4.7', format: 'OPENAI_RESPONSES' },
  { agent: codex, provider: 'opencode-go', model: 'glm-5.1', format: 'OPENAI_CHAT' },
  { agent: codex, provider: 'opencode-go', model: 'minimax-m3', format: 'ANTHROPIC_MESSAGES' },
  { agent: codex, provider: 'gemini', model: 'gemini-3-pro-preview', format: 'GEMINI' },
  // Codex knows these by their names and shows them other tools than it shows strangers.
  { agent: codex, provider: 'nvidia', model: 'gpt-5.5', format: 'OPENAI_CHAT', by: applyPatch },
  { agent: codex, provider: 'nvidia', model: 'gpt-6.1-sol', format: 'OPENAI_CHAT', by: script },
  { agent: opencode, provider: 'opencode-go', model: 'glm-5.1', format: 'OPENAI_CHAT' },
  { agent: opencode, provider: 'opencode-go', model: 'minimax-m3', format: 'ANTHROPIC_MESSAGES' },
  { agent: opencode, provider: 'opencode-go', model: 'gpt-5.6-luna', format: 'OPENAI_RESPONSES' },
  // Google speaks opencode's own format, too.
  { agent: opencode, provider: 'gemini', model: 'gemini-3-pro-preview', format: 'OPENAI_CHAT' },
];

/** By format of the provider: how it is shown the thought again that led to the call, whether the agent carries it or not. */
const THOUGHT_AGAIN: Readonly<Record<ChatProtocol, string>> = {
  OPENAI_CHAT: '"reasoning_content":"Let me think. "',
  ANTHROPIC_MESSAGES: '"thinking":"Let me think. "',
  OPENAI_RESPONSES: '"encrypted_content":"',
  GEMINI: '"thoughtSignature":"',
};

const OFFERINGS = { 'opencode-go': 'go', gemini: 'api', nvidia: 'api' } as const;

/** Runs the cases whose names have all of the words. */
export async function main(...words: readonly string[]): Promise<void> {
  const wanted = CASES.filter((one) => words.every((word) => nameOf(one).includes(word)));
  const started: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(one: T): T => {
    started.unshift(one);
    return one;
  };
  try {
    const temporary = keep(await makeTempDir()).path;
    const installed = await installAll(wanted, process.env['AGENTS_CACHE'] ?? temporary);
    const program = keep(
      await keep(await createInstallation({ CATALOG_REFRESH: 'false', LOG_LEVEL: 'warn' })).start(),
    );
    const { plaintext: key } = await makeKey(program);
    const providers = new Map<string, ScriptedProvider>();
    for (const [slug, offering] of Object.entries(OFFERINGS)) {
      const scripted = keep(await startScriptedProvider(slug));
      if (slug === 'nvidia') scripted.provider.setModels([{ id: 'gpt-5.5' }, { id: 'gpt-6.1-sol' }]);
      await connect(program, scripted.provider, offering);
      providers.set(slug, scripted);
    }
    for (const { provider, model } of wanted) await listed(program, key, `${provider}/${model}`);
    await runAll(wanted, { installed, temporary, key, program, providers });
    await program.stop();
  } finally {
    for (const one of started) await one[Symbol.asyncDispose]();
  }
}

interface Setting {
  readonly installed: ReadonlyMap<Agent, Installed>;
  readonly temporary: string;
  readonly key: string;
  readonly program: Switchyard;
  readonly providers: ReadonlyMap<string, ScriptedProvider>;
}

async function runAll(wanted: readonly Case[], setting: Setting): Promise<void> {
  const { installed, temporary, key, program, providers } = setting;
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let recorded = 0;
  for (const [index, one] of wanted.entries()) {
    const bin = installed.get(one.agent)?.bin;
    const scripted = providers.get(one.provider);
    if (!bin || !scripted) {
      counts.skipped++;
      say(`skip ${nameOf(one)}`);
      continue;
    }
    const folder = join(temporary, `run-${index}`);
    const ended = await runCase(one, { bin, folder, key, program, scripted, recorded });
    const { problems, seconds } = ended;
    recorded = ended.recorded;
    counts[problems.length === 0 ? 'passed' : 'failed']++;
    say(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${nameOf(one)} (${seconds} s)`);
    for (const problem of problems) say(`       ${problem.replaceAll('\n', '\n       ')}`);
  }
  if (program.stderr() !== '') say(`\n${program.stderr()}`);
  say(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}

/** Waits until the gateway knows a model: it is told a moment after the discovery. */
function listed({ gatewayUrl }: Switchyard, key: string, model: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${key}` };
  return until(`the gateway lists ${model}`, async () => {
    const { ok } = await fetch(`${gatewayUrl}/v1/models/${model}`, { headers });
    return ok;
  });
}

async function installAll(cases: readonly Case[], folder: string): Promise<Map<Agent, Installed>> {
  const found = new Map<Agent, Installed>();
  for (const agent of new Set(cases.map(({ agent }) => agent))) {
    const one = await install(agent.package, folder);
    say(
      one.bin === null
        ? `${agent.name}: not installed, so not run: ${one.reason}`
        : `${agent.name}: ${agent.package.name} ${agent.package.version} (${one.says})`,
    );
    found.set(agent, one);
  }
  return found;
}

interface CaseSetting {
  readonly bin: string;
  readonly folder: string;
  readonly key: string;
  readonly program: Switchyard;
  readonly scripted: ScriptedProvider;
  /** Requests recorded before. */
  readonly recorded: number;
}

async function runCase(
  one: Case,
  { bin, folder, key, program, scripted, recorded }: CaseSetting,
): Promise<{ problems: readonly string[]; seconds: string; recorded: number }> {
  const { order, evidence } = one.by ?? { order: one.agent.shell(COMMAND), evidence: PROOF };
  const [home, work] = [join(folder, 'home'), join(folder, 'work')];
  await mkdir(home, { recursive: true });
  await mkdir(work);
  await run('git', ['init', '--quiet'], { cwd: work, env: { HOME: home } });
  scripted.follow({ order, evidence });

  const startedAt = performance.now();
  const command = await one.agent.prepare({
    gatewayUrl: program.gatewayUrl,
    key,
    model: `${one.provider}/${one.model}`,
    home,
    prompt: PROMPT,
  });
  const ended = await run(bin, command.args, { cwd: work, env: { ...command.env, HOME: home } });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);

  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  check(
    ended.code === 0,
    `it ended with ${ended.code ?? 'a signal'}: ${(ended.stderr || ended.stdout).slice(-800)}`,
  );
  check(
    ended.stdout.includes(saidOf(evidence)),
    `it did not print the final text, but: ${ended.stdout.slice(-300)}`,
  );
  const proof = await readFile(join(work, 'proof.txt'), 'utf8').catch(() => null);
  check(proof?.trim() === PROOF, `proof.txt is ${JSON.stringify(proof)}`);

  const generations = scripted.generations();
  const refused = generations.filter(({ status }) => status !== 200);
  check(refused.length === 0, `the provider answered ${refused.map(({ status }) => status).join(', ')}`);
  const formats = [...new Set(generations.map(formatOf))];
  check(formats.join() === one.format, `the provider was asked in ${formats.join(', ') || 'no format'}`);
  const result = generations.flatMap(answeredCalls).find((text) => text.includes(evidence));
  check(result !== undefined, `no result of the tool reached the provider (${generations.length} requests)`);

  if (one.agent.speaks !== one.format && one.provider !== 'nvidia')
    check(
      generations.at(-1)?.bodyText.includes(THOUGHT_AGAIN[one.format]) ?? false,
      'the model was not shown its thought again',
    );

  const stated = generations.map((request) => tokenText(request.stated));
  let events: readonly any[] = [];
  await recordedEvents(program, (all) => (events = all.slice(recorded)).length >= stated.length).catch(
    () => undefined,
  );
  const counted = events.map(({ tokens }) => tokenText(tokens));
  check(
    counted.toSorted().join('; ') === stated.toSorted().join('; '),
    `recorded ${counted.join('; ')}, stated ${stated.join('; ')}`,
  );
  for (const { status, error } of events)
    check(status === 'OK', `a request ended ${status}: ${error?.class}`);
  return { problems, seconds, recorded: recorded + events.length };
}

interface Tokens {
  readonly input: number;
  readonly cacheRead: number;
  readonly output: number;
}

function tokenText(tokens: Tokens | null): string {
  return tokens ? `${tokens.input} in, ${tokens.cacheRead} cached, ${tokens.output} out` : 'nothing';
}

function nameOf({ agent, provider, model, format, by }: Case): string {
  const same = agent.speaks === format ? ', its own format' : '';
  return `${agent.name} (${agent.speaks}) → ${provider}/${model} (${format}${same})${by ? `, ${by.name}` : ''}`;
}

interface RunEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in a process group of its own and leaves nothing of it behind. */
function run(
  file: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<RunEnd> {
  const child = spawn(file, args, {
    cwd,
    // Nothing of the caller's settings, keys or proxies.
    env: { PATH: process.env['PATH'], ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(end, RUN_DEADLINE_MS);
    child.once('error', reject);
    child.once('exit', end);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
