/** What a signed token's claims say: in which workspace, and with which scopes. Nothing is assumed that they do not say. */
import type { IssuerConfig } from '../../config/issuer.js';
import { ADMIN_SCOPES, type AdminScope } from '../../domain/vocabulary.js';

export type Claims = Readonly<Record<string, unknown>>;

/** Slug of the one workspace the claims name; null when they name none, or several. */
export function workspaceOf(claims: Claims, { workspaceClaim, workspaceMap }: IssuerConfig): string | null {
  const values = valuesOf(claims, workspaceClaim);
  const slugs = new Set(
    workspaceMap === null ? values : values.flatMap((value) => workspaceMap.get(value) ?? []),
  );
  const [slug] = slugs;
  return slugs.size === 1 && slug !== undefined ? slug : null;
}

/** Scopes in the order of the API, each once; what is no scope of ours is passed over. */
export function scopesOf(claims: Claims, { scopesClaim, scopesMap }: IssuerConfig): readonly AdminScope[] {
  const values = valuesOf(claims, scopesClaim);
  const granted = new Set<string>(
    // OAuth writes a list of scopes as one text.
    scopesMap === null
      ? values.flatMap((value) => value.split(' '))
      : values.flatMap((value) => scopesMap.get(value) ?? []),
  );
  return ADMIN_SCOPES.filter((scope) => granted.has(scope));
}

/** A claim's text, or the texts of its list. */
function valuesOf(claims: Claims, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : atPath(claims, name.split('.'));
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((item) => typeof item === 'string');
}

/** Some issuers put roles into objects within the claims. */
function atPath(claims: Claims, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (place, name) =>
      typeof place === 'object' && place !== null && Object.hasOwn(place, name)
        ? (place as Claims)[name]
        : undefined,
    claims,
  );
}
