/** The environment, parsed once. Nothing else reads `process.env`. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { StartupError } from '../domain/errors.js';
import { HOUR_MS } from '../domain/time-range.js';
import {
  JOURNAL_SIZE_DEFAULT_BYTES,
  JOURNAL_SIZE_MIN_BYTES,
  USAGE_RETENTION_DAYS_DEFAULT,
  USAGE_RETENTION_DAYS_MAX,
} from './usage-limits.js';
import { readIssuer, type IssuerConfig } from './issuer.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const JOURNAL_FSYNC_POLICIES = ['off', 'interval', 'each'] as const;
const SECRET_KEY_BYTES = 32;
const ADMIN_TOKEN_MIN_CHARS = 32;

const port = z.coerce.number().int().min(0).max(65_535);
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');
const key = z.base64().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== SECRET_KEY_BYTES) {
    context.addIssue({
      code: 'custom',
      message: `must be ${SECRET_KEY_BYTES} bytes in base64, not ${bytes.length}; make one with: openssl rand -base64 32`,
    });
    return z.NEVER;
  }
  return bytes;
});
const roles = z.string().transform((text, context) => {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => name !== 'gateway' && name !== 'control');
  if (unknown !== undefined) {
    context.addIssue({ code: 'custom', message: `names "${unknown}"; known are gateway and control` });
    return z.NEVER;
  }
  return { gateway: names.includes('gateway'), control: names.includes('control') };
});

const environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL' }).optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' }).optional(),
  DATA_DIR: z.string().min(1).default('./data'),
  ADMIN_HOST: z.string().min(1).default('127.0.0.1'),
  ADMIN_PORT: port.default(4000),
  ADMIN_TOKEN: z
    .string()
    .min(ADMIN_TOKEN_MIN_CHARS, `must have at least ${ADMIN_TOKEN_MIN_CHARS} characters`)
    .optional(),
  GATEWAY_HOST: z.string().min(1).default('127.0.0.1'),
  GATEWAY_PORT: port.default(4100),
  GATEWAY_WORKERS: z.coerce.number().int().min(1).max(64).default(1),
  ROLES: roles.default({ gateway: true, control: true }),
  SECRET_KEY: key.optional(),
  SECRET_KEY_PREVIOUS: key.optional(),
  OIDC_ISSUER: z.url({ protocol: /^https?$/, error: 'must be a URL' }).optional(),
  OIDC_AUDIENCE: z.string().min(1).optional(),
  OIDC_WORKSPACE_CLAIM: z.string().min(1).default('switchyard_workspace'),
  OIDC_WORKSPACE_MAP: z.string().min(1).optional(),
  OIDC_SCOPES_CLAIM: z.string().min(1).default('switchyard_scopes'),
  OIDC_SCOPES_MAP: z.string().min(1).optional(),
  ALLOW_PRIVATE_UPSTREAMS: flag.default(false),
  DISCOVERY_INTERVAL_HOURS: z.coerce
    .number()
    .min(0)
    .max(24 * 365)
    .default(6),
  CATALOG_REFRESH: flag.default(true),
  USAGE_RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(USAGE_RETENTION_DAYS_MAX)
    .default(USAGE_RETENTION_DAYS_DEFAULT),
  JOURNAL_FSYNC: z.enum(JOURNAL_FSYNC_POLICIES).default('interval'),
  JOURNAL_MAX_BYTES: z.coerce.number().int().min(JOURNAL_SIZE_MIN_BYTES).default(JOURNAL_SIZE_DEFAULT_BYTES),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
});

export interface Config {
  /** Null: the embedded database under `dataDir`. */
  readonly databaseUrl: string | null;
  /** Null: nodes hear of each other through Postgres, and each counts requests against limits for itself. */
  readonly redisUrl: string | null;
  /** Absolute. */
  readonly dataDir: string;
  readonly admin: { readonly host: string; readonly port: number; readonly token: string | null };
  readonly gateway: { readonly host: string; readonly port: number; readonly workers: number };
  readonly roles: { readonly gateway: boolean; readonly control: boolean };
  /** Null: made and kept under `dataDir`. */
  readonly secretKey: Buffer | null;
  readonly secretKeyPrevious: Buffer | null;
  /** Whose tokens sign in besides the admin tokens; null for nobody's. */
  readonly issuer: IssuerConfig | null;
  /** Whether metered and plan connections may point at private addresses. */
  readonly allowPrivateUpstreams: boolean;
  /** Between two scheduled discoveries of a workspace; 0 for none. */
  readonly discoveryIntervalMs: number;
  /** Whether the model catalogue is renewed from models.dev every day. */
  readonly catalogRefresh: boolean;
  /** Days that single usage events are kept; sums are kept for good. */
  readonly usageRetentionDays: number;
  readonly journal: {
    /** When usage on disk is made to outlive the machine. */
    readonly fsync: (typeof JOURNAL_FSYNC_POLICIES)[number];
    /** What the journal of this node may take on disk. */
    readonly maxBytes: number;
  };
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/** Parses the environment. A bad value is a {@link StartupError} that names the variable and what it should be. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  // An empty variable is how shells and compose files say "unset".
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new StartupError(
      `${issue?.path.join('.') ?? 'The environment'} ${issue?.message ?? 'is not valid'}.`,
    );
  }
  const values = parsed.data;
  return Object.freeze({
    databaseUrl: values.DATABASE_URL ?? null,
    redisUrl: values.REDIS_URL ?? null,
    dataDir: resolve(values.DATA_DIR),
    admin: { host: values.ADMIN_HOST, port: values.ADMIN_PORT, token: values.ADMIN_TOKEN ?? null },
    gateway: { host: values.GATEWAY_HOST, port: values.GATEWAY_PORT, workers: values.GATEWAY_WORKERS },
    roles: values.ROLES,
    secretKey: values.SECRET_KEY ?? null,
    secretKeyPrevious: values.SECRET_KEY_PREVIOUS ?? null,
    issuer: readIssuer(values),
    allowPrivateUpstreams: values.ALLOW_PRIVATE_UPSTREAMS,
    discoveryIntervalMs: values.DISCOVERY_INTERVAL_HOURS * HOUR_MS,
    catalogRefresh: values.CATALOG_REFRESH,
    usageRetentionDays: values.USAGE_RETENTION_DAYS,
    journal: { fsync: values.JOURNAL_FSYNC, maxBytes: values.JOURNAL_MAX_BYTES },
    logLevel: values.LOG_LEVEL,
  });
}

/** The environment of a child process: this one's, with some variables set anew. */
export function childEnvironment(overrides: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...overrides };
}
