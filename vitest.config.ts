import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Node loads graphql's CommonJS build for packages in node_modules; without this Vite would load the ESM build
  // for ours, and graphql refuses schemas made by another copy of itself.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // The embedded database lives for seconds: making its code faster costs more than it saves.
    execArgv: ['--liftoff-only'],
    reporters: ['default'],
  },
});
