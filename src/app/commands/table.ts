/** The commands that change an installation: how each is written, what it does, and how its outcome reads. */
import type { ResealProgress } from '../../admin/secrets/reseal.js';
import { ADMIN_SCOPES } from '../../domain/vocabulary.js';
import { lines, table } from './layout.js';
import type {
  OperationAnswer,
  OperationCall,
  OperationInput,
  OperationName,
  RunOperation,
} from './operations.js';

/** Values of the options and arguments of a command, every one given or set by default. */
export type Values = Readonly<Record<string, string>>;

export interface OptionDefinition {
  readonly name: string;
  /** Stands for the value in the help. */
  readonly value: string;
  readonly meaning: string;
  /** Absent: it must be given. */
  readonly default?: string;
}

export interface CommandDefinition {
  /** As it is written, such as `token create`. */
  readonly name: string;
  readonly summary: string;
  /** What else there is to know, in full sentences. */
  readonly details: string;
  readonly options: readonly OptionDefinition[];
  /** The one argument without a name; null for none. */
  readonly argument: { readonly name: string; readonly meaning: string } | null;
  readonly example: string;
  readonly perform: Perform;
}

/** Does what a command is for, wherever `run` does it; answers it as data and as text. */
type Perform = (
  run: RunOperation,
  values: Values,
  caller: Pick<OperationCall<OperationName>, 'userName' | 'onProgress'>,
) => Promise<{ readonly answer: unknown; readonly text: string }>;

const workspace = {
  name: 'workspace',
  value: 'slug',
  meaning: 'Workspace it belongs to.',
  default: 'default',
};
const slug = { name: 'slug', value: 'slug', meaning: 'Short name: lower-case letters, digits and dashes.' };
const name = { name: 'name', value: 'text', meaning: 'Name to show.' };

export const COMMANDS: readonly CommandDefinition[] = [
  {
    name: 'token create',
    summary: 'make an admin token',
    details: 'Prints the token this once; only its hash is stored. It works at once.',
    options: [
      workspace,
      { ...name, meaning: 'Name by which you will know it again.' },
      { name: 'scopes', value: 'list', meaning: `What it may do: ${ADMIN_SCOPES.join(', ')}; or all.` },
      {
        name: 'expires',
        value: 'when',
        meaning: 'When it stops working: 90d (m, h, d, w, y), a date, or never.',
      },
    ],
    argument: null,
    example: 'switchyard token create --name dashboard --scopes USAGE_READ,CONFIG_READ --expires 90d',
    perform: performing({
      operation: 'token.create',
      input: ({ scopes = '', workspace = '', name = '', expires = '' }) => ({
        workspace,
        name,
        scopes: scopes.split(','),
        expires,
      }),
      text: ({ id, token, scopes, expiresAt }) =>
        lines(
          `Token ${id} may ${scopes.join(', ')} ${expiresAt === null ? 'and does not expire' : `until ${expiresAt}`}.`,
          'Shown this once:',
          '',
          `  ${token}`,
        ),
    }),
  },
  {
    name: 'token list',
    summary: 'list admin tokens',
    details: 'Shows ids, names and scopes, never the tokens themselves.',
    options: [{ ...workspace, meaning: 'Only those of this workspace; all when left out.', default: '' }],
    argument: null,
    example: 'switchyard token list --json',
    perform: performing({
      operation: 'token.list',
      input: ({ workspace = '' }) => ({ workspace: workspace === '' ? null : workspace }),
      text: (tokens) =>
        table(
          ['id', 'workspace', 'name', 'state', 'expires', 'scopes'],
          tokens.map(({ id, workspace, name, state, expiresAt, scopes }) => [
            id,
            workspace,
            name,
            state.toLowerCase(),
            expiresAt ?? 'never',
            scopes.join(','),
          ]),
        ),
    }),
  },
  {
    name: 'token revoke',
    summary: 'stop an admin token',
    details:
      'At once and for good: requests with it are refused and its websockets closed within a second, on every node.',
    options: [],
    argument: { name: 'id', meaning: 'Id that token list shows.' },
    example: 'switchyard token revoke tok_01JZZZZZZZZZZZZZZZZZZZZZZZ',
    perform: performing({
      operation: 'token.revoke',
      input: ({ id = '' }) => ({ id }),
      text: ({ id, name, revokedAt }) => lines(`Token ${id} (${name}) was revoked at ${revokedAt}.`),
    }),
  },
  {
    name: 'workspace create',
    summary: 'make a workspace',
    details:
      'A workspace has connections, keys, tiers and usage of its own; nothing crosses from one to another.',
    options: [slug, name],
    argument: null,
    example: 'switchyard workspace create --slug research --name "Research"',
    perform: performing({
      operation: 'workspace.create',
      input: ({ slug = '', name = '' }) => ({ slug, name }),
      text: (made) =>
        lines(
          `Workspace ${made.slug} (${made.name}) is there. Make a token for it:`,
          '',
          `  switchyard token create --workspace ${made.slug} --name owner --scopes all --expires never`,
        ),
    }),
  },
  {
    name: 'workspace list',
    summary: 'list workspaces',
    details: '',
    options: [],
    argument: null,
    example: 'switchyard workspace list',
    perform: performing({
      operation: 'workspace.list',
      input: () => ({}),
      text: (workspaces) =>
        table(
          ['slug', 'name', 'made', 'id'],
          workspaces.map(({ slug, name, createdAt, id }) => [slug, name, createdAt, id]),
        ),
    }),
  },
  {
    name: 'workspace rename',
    summary: 'give a workspace another name',
    details: 'The slug stays.',
    options: [slug, name],
    argument: null,
    example: 'switchyard workspace rename --slug research --name "Research and Development"',
    perform: performing({
      operation: 'workspace.rename',
      input: ({ slug = '', name = '' }) => ({ slug, name }),
      text: ({ slug, name }) => lines(`Workspace ${slug} is called ${name} now.`),
    }),
  },
  {
    name: 'workspace remove',
    summary: 'remove an empty workspace',
    details:
      'Refused while it has connections, custom providers, recorded usage, or keys or tokens that work.',
    options: [slug],
    argument: null,
    example: 'switchyard workspace remove --slug research',
    perform: performing({
      operation: 'workspace.remove',
      input: ({ slug = '' }) => ({ slug }),
      text: ({ slug }) => lines(`Workspace ${slug} is removed.`),
    }),
  },
  {
    name: 'secrets reseal',
    summary: 'seal stored secrets with the new key',
    details:
      'Part of replacing SECRET_KEY: once it reports nothing unreadable, SECRET_KEY_PREVIOUS is no longer needed. May be stopped and run again.',
    options: [],
    argument: null,
    example: 'switchyard secrets reseal',
    perform: performing({
      operation: 'secrets.reseal',
      input: () => ({}),
      text: ({ resealed, unreadable }) =>
        lines(
          `${resealed} ${resealed === 1 ? 'secret' : 'secrets'} sealed with the key in use.`,
          ...unreadable.map((secret) =>
            'webhookId' in secret
              ? `${secret.webhook} (${secret.webhookId}): ${secret.reason} Make it anew.`
              : `${secret.connection} (${secret.connectionId}): ${secret.reason} Store its secret again.`,
          ),
          unreadable.some(({ keyMissing }) => keyMissing)
            ? 'Some are sealed with a key that is neither SECRET_KEY nor SECRET_KEY_PREVIOUS.'
            : 'SECRET_KEY_PREVIOUS is no longer needed.',
        ),
    }),
  },
];

/** One line of progress. */
export function progressText({ done, total }: ResealProgress): string {
  return `${done} of ${total}\n`;
}

/** The one operation behind a command: what its words become, and how its answer reads. */
function performing<K extends OperationName>(definition: {
  readonly operation: K;
  input(values: Values): OperationInput<K>;
  text(answer: OperationAnswer<K>): string;
}): Perform {
  return async (run, values, caller) => {
    const answer = await run({ name: definition.operation, input: definition.input(values), ...caller });
    return { answer, text: definition.text(answer) };
  };
}
