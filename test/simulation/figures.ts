/** What simulated weeks came to, summed over all phases, and the tables that documentation shows. */
import type { TargetStrategy } from '../../src/domain/vocabulary.js';
import { ALTERNATIVES } from './alternatives.js';
import { loadOf, type LoadRequest } from './load.js';
import { PHASES, PLANS } from './scenario.js';
import { DAY, MONDAY } from './time.js';
import { simulate, type Outcome, type Scenario } from './week.js';

export const STRATEGIES = ['ORDERED', 'SUBSCRIPTION_FIRST', 'EXPIRING_FIRST', 'PACED'] as const;

/** Conversations per agent against those in `load.ts`, chosen so that the team needs about what its plans allow. */
export const MATCHED = 0.56;
const WEEKS = 4;
const OTHER_LOADS = {
  'about three quarters of the allowance': 0.4,
  'about a third more than the allowance': 0.75,
};

export interface Figures {
  /** Mean over all plans and their weeks, 0 to 1. */
  readonly unused: number;
  readonly usdPerWeek: number;
  /** Share of the requests that were paid for, 0 to 1. */
  readonly metered: number;
  readonly requestsPerWeek: number;
  readonly failedPerWeek: number;
  readonly failedNeedlessly: number;
  readonly wallsPerWeek: number;
  readonly movesPerConversation: number;
  readonly attemptsPerRequest: number;
  /** Weeks of plans that were over more than a day before their end. */
  readonly dryEarly: number;
  readonly planWeeks: number;
}

const loads = new Map<string, readonly LoadRequest[]>();

export function figuresOf(strategy: TargetStrategy, volume: number, arrange?: Scenario['arrange']): Figures {
  const outcomes = PHASES.map((weekEnds, phase) =>
    simulate({
      plans: PLANS,
      weekEnds,
      load: loadFor(volume, phase),
      weeks: WEEKS,
      strategy,
      ...(arrange === undefined ? {} : { arrange }),
    }),
  );
  const sum = (amountOf: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + amountOf(outcome), 0);
  const weeks = outcomes.flatMap((outcome) => outcome.weeks);
  const counted = PHASES.length * (WEEKS - 1);
  const requests = sum((outcome) => outcome.requests);
  return {
    unused: weeks.reduce((total, { usedFraction }) => total + 1 - usedFraction, 0) / weeks.length,
    usdPerWeek: sum((outcome) => outcome.meteredUsd) / counted,
    metered: sum((outcome) => outcome.meteredRequests) / requests,
    requestsPerWeek: requests / counted,
    failedPerWeek: sum((outcome) => outcome.failed) / counted,
    failedNeedlessly: sum((outcome) => outcome.failedNeedlessly),
    wallsPerWeek: sum((outcome) => outcome.walls) / counted,
    movesPerConversation: sum((outcome) => outcome.moves) / sum((outcome) => outcome.conversations),
    attemptsPerRequest: sum((outcome) => outcome.attempts) / requests,
    dryEarly: weeks.filter(({ exhaustedAt, endedAt }) => exhaustedAt !== null && exhaustedAt < endedAt - DAY)
      .length,
    planWeeks: weeks.length,
  };
}

/** Rows of cells, the heading first. */
export function weekTable(figures: ReadonlyMap<string, Figures>, what = 'strategy'): string[][] {
  return [
    [
      what,
      'expired unused',
      'paid metered a week',
      'requests paid',
      'walls hit a week',
      'moves per 100 conversations',
      'weeks dry a day early',
      'failed a week',
      'of these needlessly',
    ],
    ...[...figures].map(([name, row]) => [
      name,
      percent(row.unused),
      `$${row.usdPerWeek.toFixed(2)}`,
      percent(row.metered),
      row.wallsPerWeek.toFixed(1),
      (row.movesPerConversation * 100).toFixed(0),
      `${row.dryEarly} of ${row.planWeeks}`,
      row.failedPerWeek.toFixed(1),
      String(row.failedNeedlessly),
    ]),
  ];
}

export function matchedFigures(): Map<string, Figures> {
  return new Map(STRATEGIES.map((strategy) => [`\`${strategy}\``, figuresOf(strategy, MATCHED)]));
}

/** The strategies when there is less to do, and when there is more. */
export function otherLoadsTable(): string[][] {
  const rows = Object.entries(OTHER_LOADS).flatMap(([load, volume]) =>
    STRATEGIES.map((strategy): [string, Figures] => [
      `${load}: \`${strategy}\``,
      figuresOf(strategy, volume),
    ]),
  );
  return weekTable(new Map(rows), 'load and strategy');
}

/** EXPIRING_FIRST and the orders that were tried in its place. */
export function alternativesTable(): string[][] {
  const taken: [string, Figures] = ['`EXPIRING_FIRST` as it is', figuresOf('EXPIRING_FIRST', MATCHED)];
  const others = Object.entries(ALTERNATIVES).map(([name, arrange]): [string, Figures] => [
    name,
    figuresOf('ORDERED', MATCHED, arrange),
  ]);
  return weekTable(new Map([taken, ...others]), 'first goes the plan with the');
}

function loadFor(volume: number, phase: number): readonly LoadRequest[] {
  const key = `${volume} ${phase}`;
  let load = loads.get(key);
  if (!load) loads.set(key, (load = loadOf(MONDAY, WEEKS * 7, volume, 100 + phase)));
  return load;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
