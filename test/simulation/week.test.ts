/** Weeks of a team with three plans and a metered key: what each strategy makes of what was bought. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { PAGE, withTable } from './document.js';
import { matchedFigures, STRATEGIES, weekTable, type Figures } from './figures.js';

describe('a week with about as much to do as its plans allow', () => {
  let figures: Map<string, Figures>;
  const of = (strategy: (typeof STRATEGIES)[number]): Figures => {
    const found = figures.get(`\`${strategy}\``);
    if (!found) throw new Error(`${strategy} was simulated`);
    return found;
  };
  beforeAll(() => {
    figures = matchedFigures();
  });

  it('lets less than half as much expire unused, and pays less, with EXPIRING_FIRST than in the order listed', () => {
    expect(of('ORDERED').unused).toBeGreaterThan(0.05);
    expect(of('EXPIRING_FIRST').unused).toBeLessThan(of('ORDERED').unused / 2);
    expect(of('EXPIRING_FIRST').usdPerWeek).toBeLessThan(of('ORDERED').usdPerWeek / 2);
  });

  it.each(STRATEGIES)('fails no request with %s that any target could have served', (strategy) => {
    expect(of(strategy).requestsPerWeek).toBeGreaterThan(5_000);
    expect(of(strategy).failedNeedlessly).toBe(0);
  });

  it('meets requests that no target can serve in the order listed, or the line above would say nothing', () => {
    expect(of('ORDERED').failedPerWeek).toBeGreaterThan(0);
  });

  it('makes every week last with PACED: none is used up more than a day before its end', () => {
    expect(of('ORDERED').dryEarly).toBeGreaterThan(0);
    expect(of('PACED').dryEarly).toBe(0);
  });

  it.each(STRATEGIES)(
    'keeps conversations where they are with %s, and asks hardly anybody in vain',
    (strategy) => {
      expect(of(strategy).movesPerConversation).toBeLessThan(0.15);
      expect(of(strategy).attemptsPerRequest).toBeLessThan(1.02);
    },
  );

  it('is what docs/routing.md says; `npm run docs:routing` writes it', async () => {
    const page = await readFile(PAGE, 'utf8');
    expect(page).toBe(withTable(page, 'week', weekTable(figures)));
  });
});
