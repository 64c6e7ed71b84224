/** Looking regularly for what is due. */
import { expect, test } from 'vitest';
import { createLogger } from '../../../src/observability/logger.js';
import { checkRegularly } from '../../../src/observability/regular-check.js';
import { until } from '../../support/wait.js';

const logger = createLogger({ level: 'silent', role: 'test' });

test('it looks at once and on and on, one look at a time, and whoever asks during one gets that one', async () => {
  let running = 0;
  let most = 0;
  let looks = 0;
  const regular = checkRegularly({
    everyMs: 1,
    logger,
    complaint: 'cannot look',
    async look() {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return ++looks;
    },
  });
  expect(await Promise.all([regular.check(), regular.check()])).toEqual([1, 1]);
  await until('it looked again', () => looks > 2);
  expect(most).toBe(1);
  await regular.close();
});

test('it complains once of failing in a row, goes on, and is still when it is closed', async () => {
  const complaints: string[] = [];
  let looks = 0;
  const regular = checkRegularly({
    everyMs: 1,
    logger: Object.assign(Object.create(logger), {
      error: (_: unknown, text: string) => void complaints.push(text),
    }),
    complaint: 'cannot look',
    look: () => Promise.reject(new Error(`look ${++looks}`)),
  });
  await until('it failed several times', () => looks > 3);
  expect(complaints).toEqual(['cannot look']);
  await regular.close();
  const before = looks;
  await until('another would have come', afterTurns(50));
  expect(looks).toBe(before);
});

/** True once it was asked so many times. */
function afterTurns(turns: number): () => boolean {
  return () => turns-- <= 0;
}
