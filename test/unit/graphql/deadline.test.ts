import { describe, expect, it } from 'vitest';
import { withinDeadline } from '../../../src/graphql/deadline.js';

const never = () => new Promise<never>(() => undefined);

describe('the time an operation has', () => {
  it('ends a read at once when it is over, and what the read waits for', async () => {
    const controller = new AbortController();
    const answer = withinDeadline(never, { controller, isChange: () => false, timeoutMs: 5 });
    await expect(answer).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(controller.signal.reason).toMatchObject({ code: 'TIMEOUT' });
  });

  it('tells a change to stop when it is over, and answers what became of it', async () => {
    for (const outcome of ['committed', 'undone'] as const) {
      const controller = new AbortController();
      const work = new Promise<string>((resolve, reject) => {
        controller.signal.addEventListener('abort', () => {
          if (outcome === 'committed') setImmediate(() => resolve(outcome));
          else reject(controller.signal.reason as Error);
        });
      });
      const answer = withinDeadline(() => work, { controller, isChange: () => true, timeoutMs: 5 });
      if (outcome === 'committed') await expect(answer).resolves.toBe('committed');
      else await expect(answer).rejects.toMatchObject({ code: 'TIMEOUT', message: /was not made/ });
    }
  });

  it('says that it does not know when a change does not end either', async () => {
    const answer = withinDeadline(never, {
      controller: new AbortController(),
      isChange: () => true,
      timeoutMs: 5,
      settleMs: 5,
    });
    await expect(answer).rejects.toMatchObject({ code: 'TIMEOUT', message: /look whether it was made/ });
  });

  it('is nothing to an operation that ends within it', async () => {
    const controller = new AbortController();
    await expect(
      withinDeadline(() => Promise.resolve(1), { controller, isChange: () => false, timeoutMs: 5_000 }),
    ).resolves.toBe(1);
    expect(controller.signal.aborted).toBe(false);
  });
});
