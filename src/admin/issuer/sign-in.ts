/** Signs in with tokens of the configured issuer (JWTs, as OIDC providers give them out). */
import { errors, jwtVerify, type JWTPayload } from 'jose';
import type { IssuerConfig } from '../../config/issuer.js';
import { ADMIN_TOKEN_TRUST_MS, OIDC_CLOCK_TOLERANCE_SECONDS } from '../../config/graphql-limits.js';
import type { Clock } from '../../domain/clock.js';
import type { Logger } from '../../observability/logger.js';
import type { Database } from '../../persistence/database.js';
import { findWorkspaceBySlug } from '../../persistence/workspaces.js';
import type { HttpGet } from '../../upstream/http-get.js';
import type { Actor } from '../actor.js';
import { scopesOf, workspaceOf } from './claims.js';
import { createIssuerKeys } from './keys.js';

export interface IssuerSignInDeps {
  readonly config: IssuerConfig;
  readonly database: Database;
  readonly http: HttpGet;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For tests that cannot wait as long as an issuer can. */
  readonly coolDownMs?: number;
}

/** Null for everything but a good token of the issuer that says in which workspace it is to do what. */
export type IssuerSignIn = (token: string) => Promise<Actor | null>;

/** Signatures that only the holder of a private key can make: with a shared secret, whoever checks could also sign. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
/** Header, claims and signature; the header is an object, whose encoding begins like this. */
const SIGNED_TOKEN = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;
/** As OpenID Connect bounds it. */
const SUBJECT_MAX_CHARS = 255;

export function createIssuerSignIn(deps: IssuerSignInDeps): IssuerSignIn {
  const { config, database, clock, logger } = deps;
  const keys = createIssuerKeys({ ...deps, issuer: config.issuer });
  const workspaceIdOf = rememberWorkspaces(database, clock);

  const verify = async (token: string): Promise<JWTPayload | null> => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: OIDC_CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(clock.now()),
      });
      return payload;
    } catch (error) {
      // Never the error itself: it carries the claims. Its code says what is wrong with the token.
      const reason = error instanceof errors.JOSEError ? error.code : 'the issuer cannot be asked';
      logger.debug({ reason }, 'a signed token was refused');
      return null;
    }
  };

  return async (token) => {
    if (!SIGNED_TOKEN.test(token)) return null;
    const claims = await verify(token);
    if (claims?.sub === undefined || claims.exp === undefined) return null;
    if (claims.sub === '' || claims.sub.length > SUBJECT_MAX_CHARS) return null;
    const slug = workspaceOf(claims, config);
    const scopes = scopesOf(claims, config);
    const workspaceId = slug === null ? null : await workspaceIdOf(slug);
    if (workspaceId === null || scopes.length === 0) {
      logger.info(
        { subject: claims.sub, workspace: slug, scopes },
        'a signed token names no workspace of ours, or no scope: see OIDC_WORKSPACE_CLAIM and OIDC_SCOPES_CLAIM',
      );
      return null;
    }
    return {
      kind: 'ADMIN_TOKEN',
      id: `oidc:${claims.sub}`,
      name: claims.sub,
      scopes,
      workspaceId,
      expiresAt: claims.exp * 1000,
    };
  };
}

/** Ids of workspaces by slug, trusted for a moment. */
function rememberWorkspaces(database: Database, clock: Clock): (slug: string) => Promise<string | null> {
  const known = new Map<string, { readonly id: string; readonly until: number }>();
  return async (slug) => {
    const remembered = known.get(slug);
    if (remembered && remembered.until > clock.monotonic()) return remembered.id;
    const workspace = await findWorkspaceBySlug(database.prisma, slug);
    if (workspace === null) {
      known.delete(slug);
      return null;
    }
    known.set(slug, { id: workspace.id, until: clock.monotonic() + ADMIN_TOKEN_TRUST_MS });
    return workspace.id;
  };
}
