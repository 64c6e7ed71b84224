/** What `switchyard help` prints: of the program, of a group of commands, of one. */
import { lines } from './layout.js';
import { COMMANDS, type CommandDefinition } from './table.js';

interface Plain {
  readonly name: string;
  readonly summary: string;
}

/** Commands that take nothing. */
const PLAIN: readonly Plain[] = [
  { name: 'serve', summary: 'start the router (the default)' },
  { name: 'demo', summary: 'start it with simulated providers and a little traffic' },
];
const PLAIN_LAST: readonly Plain[] = [
  { name: 'reprice', summary: 'price the requests that were recorded before their price was known' },
  {
    name: 'rollups rebuild',
    summary: 'sum up the retained requests anew; with --check only say where the sums differ',
  },
  { name: 'schema', summary: 'print the GraphQL schema' },
  { name: 'help', summary: 'print this; help COMMAND tells more of one' },
];

/** Help on what these words name; null when there is nothing of the kind. */
export function helpOn(words: readonly string[]): string | null {
  const wanted = words.join(' ');
  if (wanted === '') return overview();
  const command = COMMANDS.find(({ name }) => name === wanted);
  if (command) return helpOnCommand(command);
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${wanted} `));
  if (group.length > 0) {
    return lines(
      `Usage: switchyard ${wanted} <command>`,
      '',
      ...listed(group),
      '',
      `switchyard help ${wanted} <command> tells more.`,
    );
  }
  const plain = [...PLAIN, ...PLAIN_LAST].find(({ name }) => name === wanted);
  return plain ? lines(`Usage: switchyard ${plain.name}`, '', `  ${plain.summary}`) : null;
}

function overview(): string {
  return lines(
    'Usage: switchyard <command>',
    '',
    ...listed([...PLAIN, ...COMMANDS, ...PLAIN_LAST]),
    '',
    'Settings are environment variables; the README lists them.',
  );
}

function helpOnCommand({ name, summary, details, options, argument, example }: CommandDefinition): string {
  const forms = [
    ...(argument === null ? [] : [`<${argument.name}>`]),
    ...options.map((option) => {
      const form = `--${option.name} <${option.value}>`;
      return option.default === undefined ? form : `[${form}]`;
    }),
    '[--json]',
  ];
  const meanings = [
    ...(argument === null ? [] : [{ name: `<${argument.name}>`, summary: argument.meaning }]),
    ...options.map((option) => ({
      name: `--${option.name}`,
      summary: option.default ? `${option.meaning} Default: ${option.default}.` : option.meaning,
    })),
    { name: '--json', summary: 'Answer in JSON, for programs.' },
  ];
  return lines(
    `Usage: switchyard ${name} ${forms.join(' ')}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.${details === '' ? '' : ` ${details}`}`,
    '',
    ...listed(meanings),
    '',
    `Example: ${example}`,
  );
}

function listed(entries: readonly Plain[]): string[] {
  const width = Math.max(...entries.map(({ name }) => name.length));
  return entries.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
}
