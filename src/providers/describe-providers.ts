/** What operators want to know of the providers, as a page of documentation. */
import type { CredentialKind, ProviderKind, WireProtocol, Billing } from '../domain/vocabulary.js';
import type { ModelSource, OfferingDefinition, ProviderDefinition } from './define-provider.js';

const KINDS: Readonly<Record<ProviderKind, string>> = {
  LAB: 'makes its own models',
  AGGREGATOR: "serves others' models",
  LOCAL: 'runs on your machines',
  CUSTOM: 'described by the operator',
};
const BILLINGS: Readonly<Record<Billing, string>> = {
  SUBSCRIPTION: 'subscription',
  METERED: 'per token',
  LOCAL: 'local',
};
const CREDENTIALS: Readonly<Record<CredentialKind, string>> = {
  API_KEY: 'API key',
  OAUTH_TOKEN: 'OAuth token',
  NONE: 'none',
};
const FORMATS: Readonly<Record<WireProtocol, string>> = {
  OPENAI_CHAT: 'chat completions',
  OPENAI_RESPONSES: 'responses',
  ANTHROPIC_MESSAGES: 'messages',
  GEMINI: 'Gemini',
  OPENAI_EMBEDDINGS: 'embeddings',
};

/** The page, in Markdown; the same for the same providers. */
export function describeProviders(providers: readonly ProviderDefinition[]): string {
  const offerings = providers.reduce((sum, provider) => sum + provider.offerings.length, 0);
  return [
    '# Providers',
    '',
    `Made from the provider modules by \`npm run docs:providers\`; edit those. ${providers.length} providers, ${offerings} offerings.`,
    '',
    ...table(
      ['offering', 'billing', 'formats', 'quota'],
      providers.flatMap((provider) => provider.offerings.map((offering) => summaryOf(provider, offering))),
    ),
    ...providers.flatMap(sectionOf),
    '',
  ].join('\n');
}

function summaryOf(provider: ProviderDefinition, offering: OfferingDefinition): readonly string[] {
  return [
    code(`${provider.slug}/${offering.code}`),
    BILLINGS[offering.billing],
    offering.endpoints.map(({ protocol }) => FORMATS[protocol]).join(', '),
    quotaOf(offering) ?? '',
  ];
}

function sectionOf(provider: ProviderDefinition): readonly string[] {
  const { slug, name, aliases, kind, consoleUrl } = provider;
  const facts = [
    `${KINDS[kind].charAt(0).toUpperCase()}${KINDS[kind].slice(1)}.`,
    ...(aliases.length > 0 ? [`Also ${aliases.map(code).join(', ')}.`] : []),
    ...(consoleUrl === null ? [] : [`Credentials: <${consoleUrl}>.`]),
  ];
  return [
    '',
    `## ${name} (${code(slug)})`,
    '',
    facts.join(' '),
    ...provider.offerings.flatMap((offering) => offeringOf(provider, offering)),
  ];
}

function offeringOf(provider: ProviderDefinition, offering: OfferingDefinition): readonly string[] {
  const { billing, credential, endpoints, plans, regions, secretHint, sessionHeader, termsNotice } = offering;
  const hint = secretHint === null ? '' : `, such as ${code(secretHint)}`;
  const formats = endpoints.map(({ protocol, url }) => `${FORMATS[protocol]} at ${code(url)}`).join('; ');
  const perModel = offering.protocolsOf ? '; which of them depends on the model' : '';
  return [
    '',
    `### ${offering.name} (${code(`${provider.slug}/${offering.code}`)})`,
    '',
    `- Billing: ${BILLINGS[billing]}`,
    `- Credential: ${CREDENTIALS[credential]}${hint}`,
    `- Formats: ${formats}${perModel}`,
    `- Models: ${sourceOf(offering.models)}`,
    `- Quota: ${quotaOf(offering) ?? 'cannot be read with the key'}`,
    ...(plans.length > 0 ? [`- Plans: ${plans.map(planOf).join(', ')}`] : []),
    ...(regions.length > 0
      ? [`- Regions: ${regions.map(({ code: c, name }) => `${code(c)} (${name})`).join(', ')}`]
      : []),
    ...(sessionHeader === null
      ? []
      : [`- Sends ${code(sessionHeader)}, the same for all requests of a conversation`]),
    ...(termsNotice === null ? [] : [`- Notice: ${termsNotice}`]),
  ];
}

function quotaOf({ publishedWindows, reportsQuota }: OfferingDefinition): string | null {
  if (reportsQuota) return 'read with the key';
  return publishedWindows ? 'estimated from use' : null;
}

function sourceOf(source: ModelSource): string {
  if (source.kind === 'live') return `listed by the provider at ${code(source.url)}`;
  return `a list in the program, because the provider has none: ${source.models.map(({ upstreamId }) => code(upstreamId)).join(', ')}`;
}

function planOf({ name, monthlyPriceUsd }: OfferingDefinition['plans'][number]): string {
  return monthlyPriceUsd === null ? name : `${name} ($${monthlyPriceUsd} a month)`;
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Columns as wide as their widest cell, the way the formatter writes them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
