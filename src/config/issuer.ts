/** The settings of signing in with tokens of another issuer, as OIDC providers give them out. */
import { StartupError } from '../domain/errors.js';
import { ADMIN_SCOPES, type AdminScope } from '../domain/vocabulary.js';

export interface IssuerConfig {
  /** Exactly as it stands in its tokens. */
  readonly issuer: string;
  readonly audience: string;
  /** Claim that says in which workspace its bearer acts; a dotted path where no claim has that very name. */
  readonly workspaceClaim: string;
  /** Slugs by value of the claim; null: the value is the slug. */
  readonly workspaceMap: ReadonlyMap<string, string> | null;
  /** Claim that says what its bearer may do. */
  readonly scopesClaim: string;
  /** Scopes by value of the claim; null: the values are the scopes. */
  readonly scopesMap: ReadonlyMap<string, readonly AdminScope[]> | null;
}

export interface IssuerSettings {
  readonly OIDC_ISSUER?: string | undefined;
  readonly OIDC_AUDIENCE?: string | undefined;
  readonly OIDC_WORKSPACE_CLAIM: string;
  readonly OIDC_WORKSPACE_MAP?: string | undefined;
  readonly OIDC_SCOPES_CLAIM: string;
  readonly OIDC_SCOPES_MAP?: string | undefined;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Null unless an issuer is named. What cannot work is a {@link StartupError}. */
export function readIssuer(settings: IssuerSettings): IssuerConfig | null {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = settings;
  if (issuer === undefined) {
    if (audience === undefined) return null;
    throw new StartupError('OIDC_AUDIENCE is set without OIDC_ISSUER: name the issuer, or unset both.');
  }
  const { protocol, hostname } = new URL(issuer);
  if (protocol !== 'https:' && !LOOPBACK.has(hostname)) {
    throw new StartupError('OIDC_ISSUER must begin with https://: its keys decide who signs in.');
  }
  if (audience === undefined) {
    throw new StartupError(
      'OIDC_AUDIENCE is missing: name the audience that the issuer puts into tokens for this service; without it, tokens for any other service would do.',
    );
  }
  return {
    issuer,
    audience,
    workspaceClaim: settings.OIDC_WORKSPACE_CLAIM,
    workspaceMap: readMap('OIDC_WORKSPACE_MAP', settings.OIDC_WORKSPACE_MAP, (slug) => slug),
    scopesClaim: settings.OIDC_SCOPES_CLAIM,
    scopesMap: readMap('OIDC_SCOPES_MAP', settings.OIDC_SCOPES_MAP, readScopes),
  };
}

/** `value=target,value=target`. A value may have `=` in it; a target has none. */
function readMap<T>(
  setting: string,
  text: string | undefined,
  read: (target: string) => T,
): ReadonlyMap<string, T> | null {
  if (text === undefined) return null;
  const pairs = text.split(',').map((pair): [string, T] => {
    const end = pair.lastIndexOf('=');
    const [value, target] = [pair.slice(0, end).trim(), pair.slice(end + 1).trim()];
    if (end < 1 || value === '' || target === '') {
      throw new StartupError(
        `${setting} must be pairs such as value=target,value=target; "${pair}" is none.`,
      );
    }
    return [value, read(target)];
  });
  return new Map(pairs);
}

/** `CONFIG_READ+USAGE_READ`, or `all`. */
function readScopes(text: string): readonly AdminScope[] {
  if (text === 'all') return ADMIN_SCOPES;
  return text.split('+').map((name) => {
    const scope = ADMIN_SCOPES.find((known) => known === name.trim());
    if (scope === undefined) {
      throw new StartupError(
        `OIDC_SCOPES_MAP names the scope "${name}": it is one of ${ADMIN_SCOPES.join(', ')}, joined by +, or all.`,
      );
    }
    return scope;
  });
}
