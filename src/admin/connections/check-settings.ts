/** Checks of a connection's settings, the same for a new one and for changes. Each answers what is wrong, or nothing. */
import { NAME_MAX_CHARS, SECRET_MAX_CHARS } from '../../config/limits.js';
import { parseUsd, type NanoUsd } from '../../domain/money.js';
import type { OfferingDefinition, ProviderDefinition } from '../../providers/define-provider.js';
import type { ProviderSet } from '../../providers/provider-set.js';
import { findOffering } from '../../providers/registry.js';
import { checkBaseUrl } from '../../upstream/address-policy.js';
import type { AdminDeps } from '../admin-deps.js';
import { fail, ok, type Result } from '../result.js';

const MONTHLY_PRICE_MAX: NanoUsd = 1_000_000n * 1_000_000_000n;
/** What may stand in a header: visible ASCII. */
const SECRET = /^[\x21-\x7e]+$/;

/** The provider and offering that an operator named; the offering may be left out where there is one only. */
export function resolveOffering(
  providers: ProviderSet,
  providerName: string,
  code: string | undefined,
): Result<{ provider: ProviderDefinition; offering: OfferingDefinition }> {
  const provider = providers.find(providerName.trim());
  if (provider === null) return unknownProvider(providers, providerName);
  const codes = provider.offerings.map((offering) => offering.code).join(', ');
  if (code === undefined) {
    const [only] = provider.offerings;
    if (provider.offerings.length === 1) return ok({ provider, offering: only });
    return fail('UNSUPPORTED_OFFERING', `${provider.name} has several offerings; name one of ${codes}.`, [
      'input',
      'offering',
    ]);
  }
  const offering = findOffering(provider, code);
  return offering
    ? ok({ provider, offering })
    : fail('UNSUPPORTED_OFFERING', `${provider.name} has no offering "${code}"; it has ${codes}.`, [
        'input',
        'offering',
      ]);
}

/** For a provider that nobody knows here. */
export function unknownProvider(providers: ProviderSet, name: string): Result<never> {
  const known = providers.all().map(({ slug }) => slug);
  return fail('NOT_FOUND', `There is no provider "${name}"; known are ${known.join(', ')}.`, [
    'input',
    'provider',
  ]);
}

/** A label without surrounding space. */
export function checkLabel(label: string): Result<string> {
  const text = label.trim();
  const field = ['input', 'label'];
  if (text === '') return fail('REQUIRED', 'A connection needs a label.', field);
  return text.length > NAME_MAX_CHARS
    ? fail('OUT_OF_RANGE', `A label has at most ${NAME_MAX_CHARS} characters.`, field)
    : ok(text);
}

/** A secret as it will be sent; null where the offering needs none and none was given. */
export function checkSecret(
  provider: ProviderDefinition,
  offering: OfferingDefinition,
  secret: string | undefined,
): Result<string | null> {
  const text = secret?.trim() ?? '';
  const field = ['input', 'secret'];
  if (offering.credential === 'NONE') {
    if (text === '') return ok(null);
    if (!offering.takesKey)
      return fail('INVALID', `${provider.name} ${offering.name} takes no secret.`, field);
  }
  if (text === '') {
    const hint = offering.secretHint === null ? '' : ` It looks like ${offering.secretHint}.`;
    return fail('REQUIRED', `${provider.name} ${offering.name} needs a key.${hint}`, field);
  }
  if (text.length > SECRET_MAX_CHARS)
    return fail('OUT_OF_RANGE', `A secret has at most ${SECRET_MAX_CHARS} characters.`, field);
  if (!SECRET.test(text))
    return fail('INVALID', 'A secret has no spaces, line breaks or letters beyond ASCII in it.', field);
  const foreign = offering.foreignSecrets.find(({ pattern }) => pattern.test(text));
  return foreign === undefined
    ? ok(text)
    : fail(
        'UNSUPPORTED_OFFERING',
        `This key belongs to ${foreign.belongsTo}, not to ${provider.name} ${offering.name}.`,
        field,
      );
}

/** A region's code; the offering's default where none is named. */
export function checkRegion(
  offering: OfferingDefinition,
  region: string | null | undefined,
): Result<string | null> {
  if (region === null || region === undefined) return ok(offering.regions[0]?.code ?? null);
  if (offering.regions.some(({ code }) => code === region)) return ok(region);
  return fail('INVALID', unknownCode(`${offering.name} has no region "${region}"`, offering.regions), [
    'input',
    'region',
  ]);
}

/** A plan's code; null for undeclared. */
export function checkPlan(
  offering: OfferingDefinition,
  planCode: string | null | undefined,
): Result<string | null> {
  if (planCode === null || planCode === undefined) return ok(null);
  if (offering.plans.some(({ code }) => code === planCode)) return ok(planCode);
  return fail('INVALID', unknownCode(`${offering.name} has no plan "${planCode}"`, offering.plans), [
    'input',
    'planCode',
  ]);
}

/** A monthly price; the plan's where none is given. */
export function checkMonthlyPrice(
  offering: OfferingDefinition,
  planCode: string | null,
  price: string | null | undefined,
): Result<NanoUsd | null> {
  const field = ['input', 'monthlyPriceUsd'];
  if (price === undefined) {
    const plan = offering.plans.find(({ code }) => code === planCode);
    return ok(plan?.monthlyPriceUsd ? parseUsd(plan.monthlyPriceUsd) : null);
  }
  if (price === null) return ok(null);
  if (offering.billing !== 'SUBSCRIPTION')
    return fail('INVALID', `${offering.name} is not paid by the month.`, field);
  const nano = parseUsd(price);
  if (nano === null)
    return fail('INVALID', `"${price}" is not a decimal number of dollars, such as "18.50".`, field);
  return nano < 0n || nano > MONTHLY_PRICE_MAX
    ? fail('OUT_OF_RANGE', 'A monthly price is between 0 and 1000000 dollars.', field)
    : ok(nano);
}

/** The operator's own origin in its normal form; null for the provider's. */
export function checkOrigin(
  deps: Pick<AdminDeps, 'allowPrivateUpstreams'>,
  offering: OfferingDefinition,
  baseUrl: string | null | undefined,
): Result<string | null> {
  if (baseUrl === null || baseUrl === undefined) return ok(null);
  const checked = checkBaseUrl(baseUrl, {
    billing: offering.billing,
    allowPrivate: deps.allowPrivateUpstreams,
  });
  return checked.ok ? ok(checked.url) : fail('INVALID', checked.message, ['input', 'baseUrl']);
}

function unknownCode(problem: string, known: readonly { code: string }[]): string {
  return known.length === 0
    ? `${problem}: it has none to choose from.`
    : `${problem}; it has ${known.map(({ code }) => code).join(', ')}.`;
}
