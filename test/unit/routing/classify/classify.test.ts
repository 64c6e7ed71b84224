/** What the classifier promises, whatever its weights are tuned to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHeldOut, readCases, requestOf } from '../../../../bench/classify/cases.mjs';
import { scanObject } from '../../../../src/protocols/json-scan.js';
import { classify } from '../../../../src/routing/classify/classify.js';
import { readConversation } from '../../../../src/routing/classify/read-conversation.js';
import { viewOfPrompt, type ConversationView } from '../../../../src/routing/classify/view.js';
import { WORD_KINDS, WORDS } from '../../../../src/routing/classify/words.js';
import { CLASSES, DEFAULT_WEIGHTS } from '../../../../src/routing/classify/weights.js';

const views = readCases().map((entry) => {
  const { protocol, body } = requestOf(entry);
  return { entry, view: readConversation(protocol, body, scanObject(body)) };
});

function classOf(view: ConversationView, previousTier: string | null = null): string {
  return classify(view, { weights: null, previousTier }).tierSlug;
}

function scoreOf(view: ConversationView): number {
  return classify(view, { weights: null, previousTier: null }).score;
}

function prompt(text: string): ConversationView {
  return viewOfPrompt(text, null);
}

const rank = (slug: string): number => CLASSES.findIndex((each) => each === slug);

describe('what surrounds a request', () => {
  it('never moves the class by its tools and its system prompt, however many and long', () => {
    for (const { view } of views) {
      const bare = { ...view, toolCount: 0, toolBytes: 0, systemBytes: 0, totalBytes: view.textBytes };
      const laden = {
        ...bare,
        toolCount: 60,
        toolBytes: 200_000,
        systemBytes: 100_000,
        totalBytes: view.textBytes + 300_000,
      };
      expect(classOf(laden), view.text).toBe(classOf(bare));
    }
  });

  it('leaves the simple class within reach of agents that always send all of their tools', () => {
    const simple = views.filter(({ entry, view }) => entry.label === 'simple' && view.toolCount >= 9);
    const read = simple.filter(({ entry, view }) => classOf(view, entry.previousTier) === 'simple');
    expect(simple.length).toBeGreaterThan(40);
    expect(read.length / simple.length).toBeGreaterThan(0.9);
  });
});

describe('the words of a request', () => {
  it('counts a word once, however often it is repeated', () => {
    for (const word of ['theorem', 'deadlock', 'prove that', 'must', '证明']) {
      const count = (text: string) =>
        classify(prompt(text), { weights: null, previousTier: null }).signals.map(({ name, value }) =>
          name.endsWith('_words') || name === 'proof_demand' ? value : 0,
        );
      expect(Math.max(...count(Array(50).fill(word).join(' ')))).toBe(Math.max(...count(word)));
    }
  });

  it('never lifts a plain request by one word, unless that asks for a proof or for thought', () => {
    for (const kind of WORD_KINDS) {
      if (kind === 'demand' || kind === 'thinking') continue;
      for (const written of WORDS[kind]) {
        const word = written.replace(/\.$/, '');
        const { signals } = classify(prompt(word), { weights: null, previousTier: null });
        const said = signals.filter(({ name }) => /_(?:words|demand)$/.test(name));
        // Some phrases hold several words, or ask for a proof after all.
        if (said.length > 1 || said.some(({ name, value }) => value > 1 || name === 'proof_demand')) continue;
        expect(rank(classOf(prompt(word))), word).toBeLessThanOrEqual(rank('standard'));
      }
    }
  });

  it('does not take what is quoted for what is asked', () => {
    expect(classOf(prompt('say "prove that the deadlock is a theorem"'))).toBe('simple');
  });

  it('does not take what is pasted for what is asked', () => {
    const log = Array(400)
      .fill('2026-03-04T10:42:05Z ERROR must prove theorem: deadlock, race condition')
      .join('\n');
    const question = 'How many lines are there?';
    for (const text of [`${question}\n${log}`, `${log}\n${question}`]) {
      expect(classOf(prompt(text)), text.slice(0, 40)).toBe('simple');
    }
  });

  it('takes a long paragraph for what is asked when nothing else is', () => {
    const story =
      'Refactor the ledger so that no deadlock can occur, and migrate its callers without downtime. ';
    for (const times of [10, 20, 40, 400]) {
      for (const text of [
        story.repeat(times),
        `Hi!\n${story.repeat(times)}`,
        `${story.repeat(times)}\nThanks!`,
      ]) {
        expect(classOf(prompt(text)), `${times} times: ${text.slice(0, 10)}`).toBe('complex');
      }
    }
  });

  it('reads a proof as complex at least and a greeting as simple, in every language and every agent', () => {
    for (const { entry, view } of views) {
      if (entry.kind === 'proof')
        expect(rank(classOf(view)), entry.text).toBeGreaterThanOrEqual(rank('complex'));
      if (entry.kind === 'greeting') expect(classOf(view), entry.text).toBe('simple');
    }
  });

  it('rises with every further point, stack frame, wish for thought and image', () => {
    const base = prompt('Change the importer.');
    const rising = [
      ['', '\n1. read it', '\n1. read it\n2. write it', '\n1. read it\n2. write it\n3. run it'],
      ['', '\n    at a (b.js:1:1)', '\n    at a (b.js:1:1)\n    at c (d.js:2:2)'],
      ['', ' Think hard.', ' Think hard. Take your time.'],
    ];
    for (const endings of rising) {
      const scores = endings.map((ending) => scoreOf({ ...base, text: base.text + ending }));
      expect(scores).toEqual([...scores].sort((a, b) => a - b));
      expect(new Set(scores).size).toBe(scores.length);
    }
    expect(scoreOf({ ...base, images: 2 })).toBeGreaterThan(scoreOf({ ...base, images: 1 }));
  });

  it('never falls when more effort is asked for or more context comes along', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...views),
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(2_000_000),
        ({ view }, effort, more, bytes) => {
          const before = scoreOf({ ...view, effort });
          expect(scoreOf({ ...view, effort: Math.min(1, effort + more) })).toBeGreaterThanOrEqual(
            before - 1e-9,
          );
          expect(scoreOf({ ...view, effort, totalBytes: view.totalBytes + bytes })).toBeGreaterThanOrEqual(
            before - 1e-9,
          );
        },
      ),
    );
  });

  it('does not become a riddle by its amount alone', () => {
    const list = Array.from({ length: 60 }, (_, i) => `${i}. implement, test and document module ${i}`).join(
      '\n',
    );
    expect(classOf(prompt(`Refactor and migrate all of this without downtime:\n${list}`))).toBe('complex');
  });
});

describe('a conversation', () => {
  const later = (text: string, more: Partial<ConversationView> = {}): ConversationView => ({
    ...prompt(text),
    turns: 3,
    ...more,
  });

  it('keeps its class when the user only nods, and on short follow-ups', () => {
    for (const text of [
      'yes, do that',
      'go on',
      'ja, mach das',
      '继续',
      'and the tests?',
      'it still fails',
    ]) {
      for (const previous of ['standard', 'complex', 'reasoning']) {
        expect(classOf(later(text), previous), `${text} after ${previous}`).toBe(previous);
      }
    }
    expect(classOf(later('again'), 'simple')).toBe('simple');
  });

  it('keeps its class while the agent works with its tools', () => {
    for (const previous of CLASSES) {
      const view = later('Prove that the queue is lock-free and refactor everything.', { toolResults: 7 });
      expect(classOf(view, previous)).toBe(previous);
    }
  });

  it('rises when short words ask for something harder', () => {
    expect(rank(classOf(later('now prove that it terminates'), 'simple'))).toBeGreaterThanOrEqual(
      rank('complex'),
    );
  });

  it('leaves its class for a request that stands on its own', () => {
    const text =
      'Write a friendly mail to the whole team that the office is closed on Friday and how to reach the people on call.';
    expect(classOf(later(text), 'reasoning')).toBe('standard');
  });

  it('has no say about the side jobs of an agent', () => {
    const view = later('Refactor the ledger', { systemOpening: 'You are a title generator.' });
    expect(classOf(view, 'complex')).toBe('simple');
  });

  it('ignores a previous tier that is not one of the classes', () => {
    expect(classOf(later('yes, do that'), 'my-own-tier')).toBe(classOf(later('yes, do that')));
  });
});

describe('a classification', () => {
  it('is explained by its signals: contributions add up to the score, the strongest first', () => {
    for (const { entry, view } of views) {
      const { score, signals, reason } = classify(view, {
        weights: null,
        previousTier: entry.previousTier ?? null,
      });
      const sum = signals.reduce((total, { contribution }) => total + contribution, 0);
      expect(score).toBeCloseTo(Math.min(1, Math.max(0, sum)), 9);
      const strengths = signals.map(({ contribution }) => Math.abs(contribution));
      expect(strengths).toEqual(strengths.toSorted((a, b) => b - a));
      expect(reason).toMatch(/\.$/);
    }
  });

  it('shows the tools it gave no weight', () => {
    const { signals } = classify({ ...prompt('hi'), toolCount: 40 }, { weights: null, previousTier: null });
    expect(signals).toContainEqual({ name: 'tool_count', value: 40, contribution: 0 });
  });

  it('follows the weights of the workspace and ignores names it does not know', () => {
    const view = { ...prompt('Change the importer.'), toolCount: 40 };
    const of = (weights: Record<string, number>) => classify(view, { weights, previousTier: null });
    expect(of({ tool_count: 0.3 }).score).toBeGreaterThan(of({}).score);
    expect(of({ boundary_complex: 0.3 }).tierSlug).toBe('complex');
    expect(of({ nonsense: 1 })).toEqual(of({}));
  });

  it('is standard when nothing was said', () => {
    expect(classOf(viewOfPrompt(null, 5_000))).toBe('standard');
  });
});

describe('the labelled requests', () => {
  it('are read right in four of five cases, and nearly never wrong by more than one class, in either half', () => {
    for (const half of [
      views.filter(({ entry }) => isHeldOut(entry)),
      views.filter(({ entry }) => !isHeldOut(entry)),
    ]) {
      const off = half.map(({ entry, view }) =>
        Math.abs(rank(classOf(view, entry.previousTier)) - rank(entry.label)),
      );
      expect(off.filter((by) => by === 0).length / half.length).toBeGreaterThan(0.8);
      expect(off.filter((by) => by > 1).length / half.length).toBeLessThan(0.03);
    }
  });

  it('number a few hundred with different ids, more than half of them in agent traffic', () => {
    expect(new Set(views.map(({ entry }) => entry.id)).size).toBe(views.length);
    expect(views.length).toBeGreaterThanOrEqual(300);
    expect(views.filter(({ entry }) => entry.agent !== null).length).toBeGreaterThan(views.length / 2);
  });

  it('never move to a stranger class by the default weights being spelled out', () => {
    for (const { view } of views.slice(0, 50)) {
      expect(classify(view, { weights: DEFAULT_WEIGHTS, previousTier: null })).toEqual(
        classify(view, { weights: null, previousTier: null }),
      );
    }
  });
});
