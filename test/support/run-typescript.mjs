/** Calls `main` of a TypeScript module: `node run-typescript.mjs <module> [argument …]`. */
import { runnerImport } from 'vite';

const [file, ...args] = process.argv.slice(2);
const { module } = await runnerImport(file, { root: process.cwd(), logLevel: 'error' });
await module.main(...args);
