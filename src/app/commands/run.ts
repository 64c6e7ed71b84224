/** Runs one command of the command line: reads its words, does it where it can be done, prints what came of it. */
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { readConfig } from '../../config/config.js';
import { StartupError } from '../../domain/errors.js';
import { helpOn } from './help.js';
import { runOperation } from './reach.js';
import { COMMANDS, progressText, type CommandDefinition, type Values } from './table.js';

/** `words` are those after the program's name. */
export async function runCommand(words: readonly string[]): Promise<void> {
  const [group = '', verb = '', ...rest] = words;
  if (words.some((word) => word === '--help' || word === '-h'))
    return printHelp(words.filter(isName).slice(0, 2));
  const command = COMMANDS.find(({ name }) => name === `${group} ${verb}`);
  if (!command) {
    const verbs = COMMANDS.filter(({ name }) => name.startsWith(`${group} `)).map(({ name }) => name);
    throw new StartupError(
      `${verb === '' ? `"${group}" alone does nothing` : `There is no command "${group} ${verb}"`}; there ${verbs.length === 1 ? 'is' : 'are'} ${verbs.join(', ')}.`,
    );
  }
  const { values, json } = readWords(command, rest);
  const config = readConfig();
  const { answer, text } = await command.perform((call) => runOperation(config, call), values, {
    userName: userName(),
    onProgress: (progress) => process.stderr.write(progressText(progress)),
  });
  process.stdout.write(json ? `${JSON.stringify(answer, null, 2)}\n` : text);
}

/** Prints help; words that name nothing are an error. */
export function printHelp(words: readonly string[]): void {
  const help = helpOn(words);
  if (help === null) {
    throw new StartupError(`There is no command "${words.join(' ')}"; switchyard help lists them.`);
  }
  process.stdout.write(help);
}

function isName(word: string): boolean {
  return !word.startsWith('-');
}

function readWords(command: CommandDefinition, words: readonly string[]): { values: Values; json: boolean } {
  const { options, argument } = command;
  const hint = `switchyard help ${command.name} tells how it is written.`;
  const { values: given, positionals } = parseWords(command, words, hint);
  if (positionals.length > (argument === null ? 0 : 1)) {
    throw new StartupError(`"${positionals.at(-1)}" is one word too many; ${hint}`);
  }
  const values: Record<string, string> = {};
  for (const option of options) {
    const value = given[option.name] ?? option.default;
    if (typeof value !== 'string') {
      throw new StartupError(`--${option.name} is missing (${lowered(option.meaning)}); ${hint}`);
    }
    values[option.name] = value;
  }
  if (argument !== null) {
    const [value] = positionals;
    if (value === undefined)
      throw new StartupError(`<${argument.name}> is missing (${lowered(argument.meaning)}); ${hint}`);
    values[argument.name] = value;
  }
  return { values, json: given['json'] === true };
}

function parseWords(command: CommandDefinition, words: readonly string[], hint: string) {
  const options: Record<string, { readonly type: 'string' | 'boolean' }> = { json: { type: 'boolean' } };
  for (const { name } of command.options) options[name] = { type: 'string' };
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    const [sentence = ''] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\n/);
    throw new StartupError(`${sentence.replace(/\.$/, '')}; ${hint}`, { cause: error });
  }
}

/** A sentence as part of another one. */
function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');
}

/** For the audit log. In a container the user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
