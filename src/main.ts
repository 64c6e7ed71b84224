#!/usr/bin/env node
/** The command line. */
import { fileURLToPath } from 'node:url';
import { StartupError } from './domain/errors.js';
import { report } from './app/messages.js';

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
    case 'rollups':
      return (await import('./app/rebuild-rollups.js')).rollups(args);
    case 'schema':
      return (await import('./app/schema.js')).printSchema();
    case 'control-process':
      return (await import('./app/control.js')).runControl();
    case 'gateway-process':
      return (await import('./app/gateway.js')).runGateway(Number(args[0] ?? 0));
    case 'token':
    case 'workspace':
    case 'secrets':
      return (await import('./app/commands/run.js')).runCommand([command, ...args]);
    case 'help':
    case '--help':
    case '-h':
      return (await import('./app/commands/run.js')).printHelp(args);
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
