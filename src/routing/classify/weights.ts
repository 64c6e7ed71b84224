/**
 * What the classifier weighs, and how much: the one place with numbers that a change of taste would touch. Every strength
 * is between 0 and 1 (effort: -1 and 1), so that a weight is the most its signal can move the score. The score begins at
 * the baseline, contributions add up, and the boundaries cut it into classes.
 */

/** Classes from the least demanding; slugs of the tiers they go to. */
export const CLASSES = ['simple', 'standard', 'complex', 'reasoning'] as const;
export type RequestClass = (typeof CLASSES)[number];

interface WeightFacts {
  readonly weight: number;
  /** What it measures, for people. */
  readonly measures: string;
  /** From the value to the strength that the weight is multiplied with. */
  readonly strength: string;
}

/** Signals by name. Weights below zero speak for a smaller model. */
export const SIGNAL_WEIGHTS = {
  baseline: { weight: 0.36, measures: 'nothing: where every request begins', strength: '1' },
  proof_demand: {
    weight: 0.58,
    measures: 'different ways of asking for a proof or a derivation ("prove that", "show that", "证明")',
    strength: '1 - 0.3^n',
  },
  formal_words: {
    weight: 0.45,
    measures: 'different words of mathematics, logic and theory ("irrational", "worst-case", "invariant")',
    strength: '1 - 0.7^n',
  },
  formulas: {
    weight: 0.34,
    measures: 'places that look like mathematics ("x^2", "a(n)", "√")',
    strength: '1 - 0.6^n',
  },
  deep_words: {
    weight: 0.4,
    measures: 'different words of work that needs an overview ("refactor", "root cause", "deadlock")',
    strength: '1 - 0.65^n',
  },
  action_words: {
    weight: 0.17,
    measures: 'different things to be done ("implement", "test", "document"); one is what every request has',
    strength: '1 - 0.8^(n - 1)',
  },
  constraint_words: {
    weight: 0.15,
    measures: 'different conditions on the answer ("without", "at least", "must")',
    strength: '1 - 0.75^n',
  },
  sequence_words: {
    weight: 0.08,
    measures: 'different words of order ("first", "then", "finally")',
    strength: '1 - 0.6^n',
  },
  thinking_words: {
    weight: 0.3,
    measures: 'different wishes for thought ("think hard", "step by step", "仔细思考")',
    strength: '1 - 0.4^n',
  },
  points: { weight: 0.12, measures: 'numbered or bulleted points', strength: 'n / 6, at most 1' },
  clauses: {
    weight: 0.18,
    measures: 'parts of sentences, by their commas and the like',
    strength: '(n - 1) / 6, at most 1',
  },
  questions: { weight: 0.05, measures: 'question marks beyond the first', strength: 'n / 3, at most 1' },
  length: {
    weight: 0.22,
    measures: "letters of the person's own words, an ideograph for three",
    strength: 'log2(n / 80) / log2(25), so 0 at 80 and 1 at 2,000',
  },
  code_lines: {
    weight: 0.05,
    measures: 'lines of code in the text, as far as it is read',
    strength: 'log2(1 + n) / 6, at most 1',
  },
  stack_frames: { weight: 0.05, measures: 'frames of a stack trace', strength: 'n / 3, at most 1' },
  effort: {
    weight: 0.15,
    measures: 'reasoning effort asked for, against what the dialect assumes',
    strength: '-1 to 1: see effort.ts',
  },
  context_bytes: {
    weight: 0.05,
    measures: 'bytes of conversation behind the last words, without system prompt and tools',
    strength: 'log2(n / 32 KiB) / 5, so 0 at 32 KiB and 1 at 1 MiB',
  },
  images: { weight: 0.03, measures: 'images', strength: 'n / 3, at most 1' },
  turns: { weight: 0.02, measures: 'times the user spoke', strength: 'log2(n) / 5, at most 1' },
  tool_results: {
    weight: 0.03,
    measures: 'tool results since the user spoke last',
    strength: 'n / 20, at most 1',
  },
  tool_count: {
    weight: 0,
    measures: 'tools on offer: agents always offer all of theirs, so it says nothing of the request',
    strength: 'n / 40, at most 1',
  },
  system_bytes: {
    weight: 0,
    measures: 'bytes of system prompt: the same with every request of an agent',
    strength: 'n / 64 KiB, at most 1',
  },
  greeting: {
    weight: -0.4,
    measures: 'begins with a greeting or thanks and says little else',
    strength: 'brevity: 1 up to 50 letters, 0 at 140',
  },
  look_up: {
    weight: -0.45,
    measures: 'asks for one fact ("what is", "how many")',
    strength: 'brevity',
  },
  chore: {
    weight: -0.32,
    measures: 'orders one small thing that needs no judgement ("run", "rename", "translate")',
    strength: 'brevity',
  },
  terse: {
    weight: -0.15,
    measures: 'a few words that name nothing to be done and are no answer; not asked with why or how',
    strength: '1 up to 20 letters, 0 at 50',
  },
  side_job: {
    weight: -0.6,
    measures: 'a side job of an agent: a title, a heartbeat',
    strength: '1',
  },
  small_output: {
    weight: -0.2,
    measures: 'most output allowed, when that is little',
    strength: '1 up to 64 tokens, 0 from 512 on, by the logarithm',
  },
} as const satisfies Record<string, WeightFacts>;

export type SignalName = keyof typeof SIGNAL_WEIGHTS;

/**
 * Signals of how much is to be done. However much it is, it does not turn work into a riddle: what these add together
 * approaches `amount_cap` and never passes it. Each is shown with its share of that.
 */
export const AMOUNT_SIGNALS: ReadonlySet<string> = new Set<SignalName>([
  'deep_words',
  'action_words',
  'constraint_words',
  'sequence_words',
  'points',
  'clauses',
  'questions',
  'length',
  'code_lines',
  'stack_frames',
  'context_bytes',
  'images',
  'turns',
  'tool_results',
  'tool_count',
  'system_bytes',
]);
export const AMOUNT_CAP = { amount_cap: 0.34 } as const;

/** Least score of each class but the first; overridden by the same names. */
export const BOUNDARIES = {
  boundary_standard: 0.25,
  boundary_complex: 0.5,
  boundary_reasoning: 0.75,
} as const;
type OtherName = keyof typeof BOUNDARIES | keyof typeof AMOUNT_CAP;

/** Everything that can be overridden, with what it is otherwise. */
export const DEFAULT_WEIGHTS: Readonly<Record<SignalName | OtherName, number>> = {
  ...mapWeights(),
  ...AMOUNT_CAP,
  ...BOUNDARIES,
};

/** A weight that the classifier could not use, and why. */
export interface WeightProblem {
  readonly name: string;
  readonly problem: string;
}

/** What keeps an operator's own weights from being used; empty when nothing does. */
export function checkWeights(weights: Readonly<Record<string, number>>): readonly WeightProblem[] {
  const problems: WeightProblem[] = [];
  for (const [name, weight] of Object.entries(weights)) {
    if (!Object.hasOwn(DEFAULT_WEIGHTS, name)) {
      const names = Object.keys(DEFAULT_WEIGHTS).join(', ');
      problems.push({ name, problem: `There is no such weight; there are ${names}.` });
    } else if (!Number.isFinite(weight) || Math.abs(weight) > 1) {
      problems.push({ name, problem: 'A weight is a number from -1 to 1.' });
    }
  }
  const { boundary_standard, boundary_complex, boundary_reasoning } = { ...DEFAULT_WEIGHTS, ...weights };
  if (!(
    0 < boundary_standard &&
    boundary_standard < boundary_complex &&
    boundary_complex < boundary_reasoning
  )) {
    problems.push({
      name: 'boundary_complex',
      problem: 'The boundaries must be above 0 and ascend: standard, complex, reasoning.',
    });
  }
  return problems;
}

function mapWeights(): Record<SignalName, number> {
  const weights: Partial<Record<string, number>> = {};
  for (const [name, { weight }] of Object.entries(SIGNAL_WEIGHTS)) weights[name] = weight;
  return weights as Record<SignalName, number>;
}
