/** Signing in with tokens of another issuer: only what it really signed, for us, now, and for a workspace that is there. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIssuerSignIn, type IssuerSignIn } from '../../../src/admin/issuer/sign-in.js';
import { scopesOf, workspaceOf } from '../../../src/admin/issuer/claims.js';
import { readConfig } from '../../../src/config/config.js';
import type { IssuerConfig } from '../../../src/config/issuer.js';
import { systemClock, type Clock } from '../../../src/domain/clock.js';
import { ADMIN_SCOPES } from '../../../src/domain/vocabulary.js';
import { createHttpGet, type HttpGet } from '../../../src/upstream/http-get.js';
import { quietLogger } from '../../support/database.js';
import { AUDIENCE, startIssuer, type Issuer } from '../../support/issuer.js';
import { until } from '../../support/wait.js';
import { startHarness, type Harness } from './harness.js';

let harness: Harness;
let issuer: Issuer;
let http: HttpGet;
let signIn: IssuerSignIn;

const settings = (changes: Record<string, string> = {}): IssuerConfig => {
  const { issuer: config } = readConfig({ OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: AUDIENCE, ...changes });
  if (config === null) throw new Error('no issuer');
  return config;
};
const make = (options: { coolDownMs?: number; clock?: Clock } = {}): IssuerSignIn =>
  createIssuerSignIn({
    config: settings(),
    database: harness.database,
    http,
    clock: systemClock,
    logger: quietLogger,
    coolDownMs: 0,
    ...options,
  });
const now = (): number => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  harness = await startHarness();
  issuer = await startIssuer();
  http = createHttpGet({ allowPrivateUpstreams: false, userAgent: 'switchyard-test' });
});
afterAll(async () => {
  await http?.close();
  await issuer?.[Symbol.asyncDispose]();
  await harness?.[Symbol.asyncDispose]();
});
beforeEach(() => {
  issuer.setAway(false);
  signIn = make();
});

describe('a token of the configured issuer', () => {
  it('acts in the workspace and with the scopes it names, until it expires', async () => {
    const expires = now() + 120;
    expect(await signIn(await issuer.token({ expires }))).toEqual({
      kind: 'ADMIN_TOKEN',
      id: 'oidc:alice',
      name: 'alice',
      scopes: ['CONFIG_READ', 'USAGE_READ'],
      workspaceId: harness.context.actor.workspaceId,
      expiresAt: expires * 1000,
    });
  });

  it('is accepted a few seconds early or late, because clocks differ', async () => {
    expect(await signIn(await issuer.token({ expires: now() - 2 }))).not.toBeNull();
    expect(await signIn(await issuer.token({ notBefore: now() + 2 }))).not.toBeNull();
  });

  const refused: readonly [string, () => Promise<string>][] = [
    ['for another audience', () => issuer.token({ audience: 'somebody-else' })],
    ['of another issuer', () => issuer.token({ issuer: 'https://issuer.example' })],
    ['that expired', () => issuer.token({ expires: now() - 60 })],
    ['that never expires', () => issuer.token({ without: 'exp' })],
    ['for nobody in particular', () => issuer.token({ without: 'aud' })],
    ['of no issuer', () => issuer.token({ without: 'iss' })],
    ['that is not valid yet', () => issuer.token({ notBefore: now() + 60 })],
    ['signed with a key the issuer does not publish', () => issuer.token({ unknownKey: true })],
    ['without a workspace', () => issuer.token({ claims: { switchyard_workspace: undefined } })],
    ['of a workspace that is not there', () => issuer.token({ claims: { switchyard_workspace: 'nowhere' } })],
    ['of two workspaces', () => issuer.token({ claims: { switchyard_workspace: ['default', 'other'] } })],
    [
      'of a workspace that is no text',
      () => issuer.token({ claims: { switchyard_workspace: { default: 1 } } }),
    ],
    ['of any workspace', () => issuer.token({ claims: { switchyard_workspace: '*' } })],
    [
      'whose scopes are no texts',
      () => issuer.token({ claims: { switchyard_scopes: { CONFIG_READ: true } } }),
    ],
    ['with every scope at once', () => issuer.token({ claims: { switchyard_scopes: 'all' } })],
    ['with an empty list of scopes', () => issuer.token({ claims: { switchyard_scopes: [] } })],
    ['without scopes', () => issuer.token({ claims: { switchyard_scopes: undefined } })],
    ['with unknown scopes only', () => issuer.token({ claims: { switchyard_scopes: 'openid ROOT' } })],
    ['without a subject', () => issuer.token({ claims: { sub: undefined } })],
    ['with an endless subject', () => issuer.token({ claims: { sub: 'a'.repeat(300) } })],
    ['that demands what is not understood', () => issuer.token({ critical: 'made-up' })],
    ['that brings the key it is signed with', () => issuer.token({ unknownKey: true, bringsKey: true })],
    ['that says where its key is', () => issuer.token({ unknownKey: true, header: { jku: issuer.url } })],
    ['that is not signed', async () => unsigned(await issuer.token(), '')],
    ['that says it needs no signature', async () => unsigned(await issuer.token(), 'x')],
    ['signed with the public key as a shared secret', async () => confused(await issuer.token())],
    ['with claims changed after signing', async () => tampered(await issuer.token())],
  ];
  it.each(refused)('is refused when it is one %s', async (_kind, token) => {
    expect(await signIn(await token())).toBeNull();
  });

  it('is never looked at when it is no signed token at all', async () => {
    issuer.setAway(true);
    for (const text of ['', 'sya_x', 'a.b.c', 'eyJ', 'eyJ..', `eyJ${'.'.repeat(100)}`]) {
      expect(await signIn(text)).toBeNull();
    }
  });
});

describe("the issuer's keys", () => {
  it('may be replaced: tokens of the new one are good at once, those of a withdrawn one no longer', async () => {
    const before = await issuer.token();
    expect(await signIn(before)).not.toBeNull();
    await issuer.rotate();
    expect(await signIn(await issuer.token())).not.toBeNull();
    expect(await signIn(before)).toBeNull();
  });

  it('stay known while the issuer is away; unknown ones are refused', async () => {
    expect(await signIn(await issuer.token())).not.toBeNull();
    issuer.setAway(true);
    expect(await signIn(await issuer.token())).not.toBeNull();
    expect(await signIn(await issuer.token({ unknownKey: true }))).toBeNull();
    expect(await signIn(await issuer.token())).not.toBeNull();
  });

  it('may be out of reach from the start: nobody signs in until they are there', async () => {
    const token = await issuer.token();
    issuer.setAway(true);
    expect(await signIn(token)).toBeNull();
    issuer.setAway(false);
    expect(await signIn(token)).not.toBeNull();
  });

  it('are looked for where the issuer itself says, and nowhere for one that calls itself otherwise', async () => {
    const config = { ...settings(), issuer: `${issuer.url}/` };
    const other = createIssuerSignIn({
      config,
      database: harness.database,
      http,
      clock: systemClock,
      logger: quietLogger,
      coolDownMs: 0,
    });
    expect(await other(await issuer.token({ issuer: config.issuer }))).toBeNull();
  });

  it('stay known when renewing them fails, and are renewed in time', async () => {
    let ahead = 0;
    const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() + ahead };
    const patient = make({ clock, coolDownMs: 1_000 });
    const before = await issuer.token();
    expect(await patient(before)).not.toBeNull();
    issuer.setAway(true);
    ahead += 11 * 60_000;
    expect(await patient(before)).not.toBeNull();
    issuer.setAway(false);
    const asked = issuer.keyRequests;
    ahead += 11 * 60_000;
    // The renewal that failed may still be under way; the next is due once that has ended.
    await until('the keys are renewed', async () => {
      ahead += 1_001;
      expect(await patient(before)).not.toBeNull();
      return issuer.keyRequests > asked;
    });
  });

  it('are not asked for again and again, whatever keys are invented', async () => {
    const patient = make({ coolDownMs: 60_000 });
    const asked = issuer.keyRequests;
    for (let i = 0; i < 20; i++) expect(await patient(await issuer.token({ unknownKey: true }))).toBeNull();
    expect(issuer.keyRequests).toBe(asked + 1);
  });
});

describe('the settings', () => {
  it('may name a claim within others, and one with dots in its name', () => {
    const config = settings({
      OIDC_WORKSPACE_CLAIM: 'https://example.com/tenant',
      OIDC_SCOPES_CLAIM: 'realm.roles',
    });
    const claims = {
      'https://example.com/tenant': 'default',
      realm: { roles: ['USAGE_READ', 'AUDIT_READ'] },
    };
    expect(workspaceOf(claims, config)).toBe('default');
    expect(scopesOf(claims, config)).toEqual(['USAGE_READ', 'AUDIT_READ']);
  });

  it('may map the values of claims; others then mean nothing', () => {
    const config = settings({
      OIDC_WORKSPACE_CLAIM: 'groups',
      OIDC_WORKSPACE_MAP: 'cn=ops+dc=x=default,lab=research',
      OIDC_SCOPES_CLAIM: 'groups',
      OIDC_SCOPES_MAP: 'admins=all,lab=USAGE_READ+CONFIG_READ',
    });
    expect(workspaceOf({ groups: ['lab', 'default'] }, config)).toBe('research');
    expect(workspaceOf({ groups: ['default'] }, config)).toBeNull();
    expect(workspaceOf({ groups: 'cn=ops+dc=x' }, config)).toBe('default');
    expect(scopesOf({ groups: ['admins'] }, config)).toEqual(ADMIN_SCOPES);
    expect(scopesOf({ groups: ['lab', 'KEYS_WRITE'] }, config)).toEqual(['CONFIG_READ', 'USAGE_READ']);
    expect(scopesOf({ groups: { lab: true }, __proto__: { admins: 1 } }, config)).toEqual([]);
  });

  it.each([
    [{ OIDC_ISSUER: 'http://issuer.example', OIDC_AUDIENCE: 'a' }, /OIDC_ISSUER must begin with https/],
    [{ OIDC_ISSUER: 'https://issuer.example' }, /OIDC_AUDIENCE is missing/],
    [{ OIDC_AUDIENCE: 'a' }, /without OIDC_ISSUER/],
    [
      { OIDC_ISSUER: 'https://i.example', OIDC_AUDIENCE: 'a', OIDC_SCOPES_MAP: 'x=ROOT' },
      /names the scope "ROOT"/,
    ],
    [{ OIDC_ISSUER: 'https://i.example', OIDC_AUDIENCE: 'a', OIDC_WORKSPACE_MAP: 'x' }, /OIDC_WORKSPACE_MAP/],
  ])('that cannot work are said at the start: %j', (environment, message) => {
    expect(() => readConfig(environment)).toThrow(message);
  });
});

function unsigned(token: string, signature: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'none', kid: issuer.keys()[0]?.kid })).toString(
    'base64url',
  );
  return `${header}.${token.split('.')[1]}.${signature}`;
}

/** Whoever takes the algorithm from the token and the key from the issuer would check this with the public key. */
function confused(token: string): string {
  const [jwk] = issuer.keys();
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: jwk?.kid })).toString('base64url');
  const text = `${header}.${token.split('.')[1]}`;
  return `${text}.${createHmac('sha256', JSON.stringify(jwk)).update(text).digest('base64url')}`;
}

function tampered(token: string): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const changed = Buffer.from(JSON.stringify({ ...claims, switchyard_scopes: 'KEYS_WRITE' })).toString(
    'base64url',
  );
  return `${header}.${changed}.${signature}`;
}
