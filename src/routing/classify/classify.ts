/**
 * How demanding a request is: signals with weights add up to a score, boundaries cut it into classes. A conversation keeps
 * its class while the user only nods or the agent works: its cache is warm where it is.
 */
import type { Classification, Signal } from '../decision.js';
import { measure, type Measured } from './signals.js';
import type { ConversationView } from './view.js';
import { AMOUNT_SIGNALS, CLASSES, DEFAULT_WEIGHTS, type RequestClass } from './weights.js';

export interface ClassifyOptions {
  /** The operator's own weights by name; the others stay as shipped, unknown names are ignored. */
  readonly weights: Readonly<Record<string, number>> | null;
  /** Tier that the conversation's last request was classified into; null when it is new or unknown. */
  readonly previousTier: string | null;
}

export function classify(view: ConversationView, options: ClassifyOptions): Classification {
  const weights = { ...DEFAULT_WEIGHTS, ...options.weights };
  const bounds = [0, weights.boundary_standard, weights.boundary_complex, weights.boundary_reasoning, 1];
  const measured = measure(view);
  const signals = withAmountCapped(
    measured.measurements.map(({ name, value, strength }) => ({
      name,
      value,
      contribution: weights[name] * strength,
    })),
    weights.amount_cap,
  );
  const own = total(signals);
  const stay = isClass(options.previousTier)
    ? stayWith(options.previousTier, classOf(own, bounds), view, measured)
    : null;
  if (stay !== null) {
    const index = CLASSES.indexOf(stay);
    const middle = ((bounds[index] ?? 0) + (bounds[index + 1] ?? 1)) / 2;
    signals.push({ name: 'previous_tier', value: index, contribution: middle - own });
  }
  signals.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const score = Math.min(1, Math.max(0, total(signals)));
  const tierSlug = stay ?? classOf(score, bounds);
  return { tierSlug, score, signals, reason: stay === null ? reasonOf(signals) : reasonToStay(stay, view) };
}

/** Shrinks what says how much is to be done, in proportion, so that its sum approaches the cap. */
function withAmountCapped(signals: readonly Signal[], cap: number): Signal[] {
  const amount = total(signals.filter(({ name }) => AMOUNT_SIGNALS.has(name)));
  const share = amount > 0 && cap > 0 ? (cap * (1 - Math.exp(-amount / cap))) / amount : 1;
  return signals.map((signal) =>
    AMOUNT_SIGNALS.has(signal.name) ? { ...signal, contribution: signal.contribution * share } : signal,
  );
}

/** The class to stay in; null to go by what was said. */
function stayWith(
  previous: RequestClass,
  own: RequestClass,
  view: ConversationView,
  { said, measurements }: Measured,
): RequestClass | null {
  const sideJob = measurements.some(({ name }) => name === 'side_job');
  if (sideJob) return null;
  if (view.toolResults > 0 || view.turns === 0 || said.goesOn) return previous;
  const isShort = said.pastedLines === 0 && said.length <= FOLLOW_UP_LETTERS[previous];
  const asksForMore = CLASSES.indexOf(own) > Math.max(CLASSES.indexOf(previous), SHORT_RISES_ABOVE);
  return isShort && !asksForMore ? previous : null;
}

/**
 * Shorter words are understood only with what was said before. Simple conversations are left sooner: they lose least, and
 * what follows a greeting is a request.
 */
const FOLLOW_UP_LETTERS: Record<RequestClass, number> = {
  simple: 24,
  standard: 60,
  complex: 60,
  reasoning: 60,
};
/** Short words that read as more than this class ask for something new. */
const SHORT_RISES_ABOVE = CLASSES.indexOf('standard');

function classOf(score: number, bounds: readonly number[]): RequestClass {
  const index = CLASSES.findLastIndex((_, i) => score >= (bounds[i] ?? 0));
  return CLASSES[index] ?? 'simple';
}

function isClass(slug: string | null): slug is RequestClass {
  return CLASSES.some((each) => each === slug);
}

function total(signals: readonly Signal[]): number {
  return signals.reduce((sum, { contribution }) => sum + contribution, 0);
}

const REASONS_GIVEN = 3;
/** A contribution below it changes no class by itself. */
const WORTH_NAMING = 0.02;

function reasonOf(signals: readonly Signal[]): string {
  const told = signals
    .filter(({ name, contribution }) => name !== 'baseline' && Math.abs(contribution) >= WORTH_NAMING)
    .slice(0, REASONS_GIVEN)
    .map(
      ({ name, contribution }) =>
        `${name} ${contribution > 0 ? '+' : '-'}${Math.abs(contribution).toFixed(2)}`,
    );
  return told.length === 0 ? 'nothing stands out.' : `${told.join(', ')}.`;
}

function reasonToStay(previous: RequestClass, view: ConversationView): string {
  return view.toolResults > 0
    ? `the agent is at work on a request that was ${previous}.`
    : `a follow-up in a conversation that was ${previous}.`;
}
