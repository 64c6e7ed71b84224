/** What `serve` prints once it serves: where, and lines to copy. */
import { allProviders } from '../providers/registry.js';

export interface WelcomeOptions {
  readonly adminUrl: string | null;
  readonly gatewayUrl: string | null;
  /** Null unless it was made just now. */
  readonly adminToken: string | null;
}

export function welcome({ adminUrl, gatewayUrl, adminToken }: WelcomeOptions): string {
  const lines = ['', 'Switchyard is ready.', ''];
  if (adminUrl) lines.push(`  Admin API   ${adminUrl}/graphql   (open it in a browser for GraphiQL)`);
  if (gatewayUrl) lines.push(`  Gateway     ${gatewayUrl}/v1`);
  lines.push('');
  if (adminToken === null) return `${lines.join('\n')}\n`;
  lines.push(
    'Admin token, shown this once and kept in the data directory as admin-token:',
    '',
    `  export SWITCHYARD_TOKEN=${adminToken}`,
    '',
  );
  if (adminUrl && gatewayUrl) lines.push(...firstSteps(adminUrl, gatewayUrl));
  return `${lines.join('\n')}\n`;
}

function firstSteps(adminUrl: string, gatewayUrl: string): string[] {
  const graphql = (document: string): string =>
    `curl -s ${adminUrl}/graphql -H "authorization: Bearer $SWITCHYARD_TOKEN" -H 'content-type: application/json' \\\n` +
    `    -d '${JSON.stringify({ query: document })}'`;
  return [
    'Connect a coding plan and discover its models:',
    '',
    `  ${graphql(
      `mutation { connectionCreate(input: { ${examplePlan()}, label: "main", secret: "YOUR-KEY" })` +
        ' { connection { id } discoveryRun { id } userErrors { code message field } } }',
    )}`,
    '',
    'Make a key for your agents:',
    '',
    `  ${graphql('mutation { accessKeyCreate(input: { name: "my agent" }) { plaintext userErrors { message } } }')}`,
    '',
    'List the models it may use, and call one:',
    '',
    '  export SWITCHYARD_KEY=sy_…',
    `  curl -s ${gatewayUrl}/v1/models -H "authorization: Bearer $SWITCHYARD_KEY"`,
    `  curl -s ${gatewayUrl}/v1/chat/completions -H "authorization: Bearer $SWITCHYARD_KEY" -H 'content-type: application/json' \\`,
    `    -d '{"model": "PROVIDER/MODEL", "messages": [{"role": "user", "content": "Hello"}]}'`,
    '',
    `Watch usage live: open ${adminUrl}/graphql, put {"authorization": "Bearer …"} under Headers, and run`,
    '',
    '  subscription { usageRecorded { event { modelRef tokens { total } listCostUsd } } }',
    '',
  ];
}

/** Provider and offering of a plan this build knows, as GraphQL arguments. */
function examplePlan(): string {
  for (const { slug, offerings } of allProviders()) {
    const plan = offerings.find(({ billing }) => billing === 'SUBSCRIPTION');
    if (plan) return `provider: ${JSON.stringify(slug)}, offering: ${JSON.stringify(plan.code)}`;
  }
  return 'provider: "PROVIDER"';
}
