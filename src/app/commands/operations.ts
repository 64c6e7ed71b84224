/**
 * What the command line can do to an installation, by name. Inputs and answers are plain data: the same whether the command
 * does it itself or asks the running service to.
 */
import { z } from 'zod';
import type { OperatorDeps } from '../../admin/operator.js';
import type { Result } from '../../admin/result.js';
import { resealSecrets, type ResealProgress, type UnreadableSecret } from '../../admin/secrets/reseal.js';
import { createToken } from '../../admin/tokens/create.js';
import { listTokens, type AdminTokenState } from '../../admin/tokens/list.js';
import { revokeToken } from '../../admin/tokens/revoke.js';
import { createWorkspace } from '../../admin/workspaces/create.js';
import { removeWorkspace } from '../../admin/workspaces/remove.js';
import { changeWorkspaceName } from '../../admin/workspaces/rename.js';
import { StartupError } from '../../domain/errors.js';
import type { WorkspaceRecord } from '../../domain/records.js';
import type { AdminTokenRecord } from '../../persistence/admin-tokens.js';
import { listWorkspaces } from '../../persistence/workspaces.js';
import type { Vault } from '../../secrets/vault.js';

/** Times are ISO texts, because that is how they are shown. */
export interface ShownToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export interface ShownWorkspace {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly createdAt: string;
}

/** Name, input and answer of everything there is. */
export interface OperationTypes {
  'token.create': {
    input: { workspace: string; name: string; scopes: string[]; expires: string };
    answer: ShownToken & { readonly token: string };
  };
  'token.list': {
    input: { workspace: string | null };
    answer: readonly (ShownToken & { readonly workspace: string; readonly state: AdminTokenState })[];
  };
  'token.revoke': { input: { id: string }; answer: ShownToken };
  'workspace.create': { input: { slug: string; name: string }; answer: ShownWorkspace };
  'workspace.list': { input: Record<string, never>; answer: readonly ShownWorkspace[] };
  'workspace.rename': { input: { slug: string; name: string }; answer: ShownWorkspace };
  'workspace.remove': { input: { slug: string }; answer: ShownWorkspace };
  'secrets.reseal': {
    input: Record<string, never>;
    answer: { readonly resealed: number; readonly unreadable: readonly UnreadableSecret[] };
  };
}

export type OperationName = keyof OperationTypes;

export type OperationInput<K extends OperationName> = OperationTypes[K]['input'];
export type OperationAnswer<K extends OperationName> = OperationTypes[K]['answer'];

export interface OperationCall<K extends OperationName> {
  readonly name: K;
  readonly input: OperationInput<K>;
  /** Who asks for it, for the audit log. */
  readonly userName: string;
  readonly onProgress: (progress: ResealProgress) => void;
}

/** Does one of them. What the operator can put right rejects with a {@link StartupError}. */
export type RunOperation = <K extends OperationName>(call: OperationCall<K>) => Promise<OperationAnswer<K>>;

const slug = z.object({ slug: z.string() });
const named = z.object({ slug: z.string(), name: z.string() });
/** What may come over a channel from a program of another version. */
const INPUTS = {
  'token.create': z.object({
    workspace: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    expires: z.string(),
  }),
  'token.list': z.object({ workspace: z.string().nullable() }),
  'token.revoke': z.object({ id: z.string() }),
  'workspace.create': named,
  'workspace.list': z.object({}),
  'workspace.rename': named,
  'workspace.remove': slug,
  'secrets.reseal': z.object({}),
} as const satisfies { [K in OperationName]: z.ZodType };

const CALL = z.object({ name: z.string(), input: z.unknown(), userName: z.string() });
const NAMES = Object.keys(INPUTS) as OperationName[];

export interface OperationsDeps extends OperatorDeps {
  /** Asked for by what needs the keys only. */
  readonly vault: () => Promise<Vault>;
  readonly configInForce: () => Promise<void>;
}

type Implementations = {
  readonly [K in OperationName]: (
    deps: OperationsDeps,
    input: OperationInput<K>,
    userName: string,
    onProgress: (progress: ResealProgress) => void,
  ) => Promise<OperationAnswer<K>>;
};

const IMPLEMENTATIONS: Implementations = {
  'token.create': async (deps, input, userName) => {
    const { token, plaintext } = valueOf(await createToken(deps, userName, input));
    return { ...shownToken(token), token: plaintext };
  },
  'token.list': async (deps, { workspace }) =>
    valueOf(await listTokens(deps, workspace)).map((listed) => ({
      ...shownToken(listed.token),
      workspace: listed.workspace,
      state: listed.state,
    })),
  'token.revoke': async (deps, { id }, userName) =>
    shownToken(valueOf(await revokeToken(deps, userName, id))),
  'workspace.create': async (deps, input, userName) =>
    shownWorkspace(valueOf(await createWorkspace(deps, userName, input))),
  'workspace.list': async ({ database }) => (await listWorkspaces(database.prisma)).map(shownWorkspace),
  'workspace.rename': async (deps, input, userName) =>
    shownWorkspace(valueOf(await changeWorkspaceName(deps, userName, input))),
  'workspace.remove': async (deps, input, userName) =>
    shownWorkspace(valueOf(await removeWorkspace(deps, userName, input.slug))),
  'secrets.reseal': async (deps, _input, _userName, onProgress) =>
    resealSecrets({ ...deps, vault: await deps.vault() }, onProgress),
};

export function createOperations(deps: OperationsDeps): RunOperation {
  return ({ name, input, userName, onProgress }) => IMPLEMENTATIONS[name](deps, input, userName, onProgress);
}

/** A call as it came over a channel; null when this version knows no such call. */
export function readCall(text: string): Omit<OperationCall<OperationName>, 'onProgress'> | null {
  const call = CALL.parse(JSON.parse(text));
  const name = NAMES.find((known) => known === call.name);
  if (name === undefined) return null;
  const input = INPUTS[name].safeParse(call.input);
  return input.success ? { name, input: input.data, userName: call.userName } : null;
}

/** The value, or every problem in one line each. */
function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new StartupError(result.userErrors.map(({ message }) => message).join('\n'));
}

function shownToken({ id, name, scopes, createdAt, expiresAt, revokedAt }: AdminTokenRecord): ShownToken {
  return {
    id,
    name,
    scopes,
    createdAt: isoTime(createdAt),
    expiresAt: expiresAt === null ? null : isoTime(expiresAt),
    revokedAt: revokedAt === null ? null : isoTime(revokedAt),
  };
}

function shownWorkspace({ id, slug, name, createdAt }: WorkspaceRecord): ShownWorkspace {
  return { id, slug, name, createdAt: isoTime(createdAt) };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
