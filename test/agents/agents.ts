/** The coding agents that are run: how each is told where its model is, asked for one thing, and given a tool to do it with. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WireProtocol } from '../../src/domain/vocabulary.js';
import type { Package } from './install.js';

export interface Call {
  /** Address of the gateway, without a path. */
  readonly gatewayUrl: string;
  readonly key: string;
  readonly model: string;
  readonly home: string;
  readonly prompt: string;
}

export interface Command {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Agent {
  readonly name: string;
  readonly package: Package;
  /** What it speaks. */
  readonly speaks: WireProtocol;
  /** How its model makes it run a command. */
  readonly shell: (command: string) => ToolOrder;
  /** Prepares its home and says how to start it. */
  readonly prepare: (call: Call) => Promise<Command>;
}

/** A tool by the agent's name for it, and what the model gives it. */
export interface ToolOrder {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export const claudeCode: Agent = {
  name: 'Claude Code',
  package: { name: '@anthropic-ai/claude-code', version: '2.1.197', bin: 'claude' },
  speaks: 'ANTHROPIC_MESSAGES',
  shell: (command) => ({ tool: 'Bash', input: { command, description: 'Write the proof' } }),
  prepare: ({ gatewayUrl, key, model, prompt }) =>
    Promise.resolve({
      args: ['-p', prompt, '--model', model, '--allowedTools', 'Bash'],
      env: {
        ANTHROPIC_BASE_URL: gatewayUrl,
        ANTHROPIC_AUTH_TOKEN: key,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_TELEMETRY: '1',
      },
    }),
};

export const codex: Agent = {
  name: 'Codex',
  package: { name: '@openai/codex', version: '0.169.0', bin: 'codex' },
  speaks: 'OPENAI_RESPONSES',
  shell: (cmd) => ({ tool: 'exec_command', input: { cmd } }),
  prepare: ({ gatewayUrl, key, model, prompt }) => {
    const provider = `{name="Switchyard",base_url="${gatewayUrl}/v1",wire_api="responses",env_key="SWITCHYARD_KEY"}`;
    return Promise.resolve({
      args: [
        'exec',
        '--skip-git-repo-check',
        // It runs in a folder of its own; its sandbox needs rights that not every machine gives.
        '--dangerously-bypass-approvals-and-sandbox',
        '--config=model_provider=switchyard',
        `--config=model_providers.switchyard=${provider}`,
        `--model=${model}`,
        prompt,
      ],
      env: { SWITCHYARD_KEY: key },
    });
  },
};

export const opencode: Agent = {
  name: 'opencode',
  package: { name: 'opencode-ai', version: '1.18.33', bin: 'opencode' },
  speaks: 'OPENAI_CHAT',
  shell: (command) => ({ tool: 'bash', input: { command, description: 'Write the proof' } }),
  async prepare({ gatewayUrl, key, model, home, prompt }) {
    const provider = {
      npm: '@ai-sdk/openai-compatible',
      options: { baseURL: `${gatewayUrl}/v1`, apiKey: key },
      models: { [model]: {} },
    };
    const folder = join(home, '.config', 'opencode');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'opencode.json'), JSON.stringify({ provider: { switchyard: provider } }));
    return {
      args: ['run', '--model', `switchyard/${model}`, prompt],
      env: { OPENCODE_DISABLE_MODELS_FETCH: '1', OPENCODE_DISABLE_AUTOUPDATE: '1' },
    };
  },
};
