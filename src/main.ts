#!/usr/bin/env node
/** The command line. */
import { fileURLToPath } from 'node:url';
import { StartupError } from './domain/errors.js';
import { report } from './app/messages.js';

const HELP = `Usage: switchyard <command>

  serve    start the router (the default)
  demo     start it with simulated providers and a little traffic
  reprice  price the requests that were recorded before their price was known
  schema   print the GraphQL schema
  help     print this

Settings are environment variables; the README lists them.
`;

const program = fileURLToPath(import.meta.url);

async function run(command: string, args: readonly string[]): Promise<void> {
  // Loaded on demand: the gateway process must not even load what the control process is made of.
  switch (command) {
    case 'serve':
      return (await import('./app/serve.js')).serve(program);
    case 'demo':
      return (await import('./app/demo.js')).demo(program);
    case 'reprice':
      return (await import('./app/reprice.js')).reprice();
    case 'schema':
      return (await import('./app/schema.js')).printSchema();
    case 'control-process':
      return (await import('./app/control.js')).runControl();
    case 'gateway-process':
      return (await import('./app/gateway.js')).runGateway(Number(args[0] ?? 0));
    case 'help':
    case '--help':
      process.stdout.write(HELP);
      return;
    default:
      throw new StartupError(`There is no command "${command}"; switchyard help lists them.`);
  }
}

try {
  const [command = 'serve', ...args] = process.argv.slice(2);
  await run(command, args);
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  const { message, mayPass } = error;
  // What was started before it failed, such as a database, would keep the process alive.
  const end = (): never => process.exit(1);
  if (process.connected) report({ kind: 'startup-failed', message, mayPass }, end);
  else process.stderr.write(`switchyard: ${message}\n`, end);
}
