/**
 * How well the classifier classifies the labelled requests, in each of the sets, and how long it takes.
 *
 * Options: --weights file.json (compares these weights with the shipped ones), --misses (lists what it gets wrong in the
 * half it was tuned on), --calls N (5000).
 */
import { readFileSync } from 'node:fs';
import { hrtime } from 'node:process';
import { parseArgs } from 'node:util';
import { scanObject } from '../../dist/src/protocols/json-scan.js';
import { classify } from '../../dist/src/routing/classify/classify.js';
import { readConversation } from '../../dist/src/routing/classify/read-conversation.js';
import { checkWeights, CLASSES } from '../../dist/src/routing/classify/weights.js';
import { isHeldOut, longSession, readCases, requestOf } from './cases.mjs';

const { values: options } = parseArgs({
  options: {
    weights: { type: 'string' },
    misses: { type: 'boolean', default: false },
    calls: { type: 'string', default: '5000' },
  },
});

const calls = Number(options.calls);
const cases = readCases().map(withView);
const sets = [
  ['tuned on', cases.filter((entry) => !isHeldOut(entry))],
  ['held out', cases.filter(isHeldOut)],
  ['written later', readCases('written-later').map(withView)],
];

const own = options.weights ? JSON.parse(readFileSync(options.weights, 'utf8')) : null;
if (own) for (const { name, problem } of checkWeights(own)) print(`! ${name}: ${problem}`);
for (const [name, set] of sets) {
  report(name, judge(set, null));
  if (own) report(`${name}, ${options.weights}`, judge(set, own));
}
if (own) reportChanges(cases, own);
if (options.misses) for (const [name, set] of sets.filter((_, i) => i !== 1)) reportMisses(name, set, own);
print('\nTime of reading and classifying a body, long session of an agent:');
time('100 KB', longSession(100_000));
time('100 KB, JSON in strings', longSession(100_000, 'dense'));
time('1 MB', longSession(1_000_000));
time('the longest text that is read', requestOf({ agent: null, text: longText() }));

function withView(entry) {
  const { protocol, body } = requestOf(entry);
  return { ...entry, view: readConversation(protocol, body, scanObject(body)) };
}

function judge(set, weights) {
  return set.map((entry) => {
    const { tierSlug } = classify(entry.view, { weights, previousTier: entry.previousTier ?? null });
    return { ...entry, got: tierSlug, off: CLASSES.indexOf(tierSlug) - CLASSES.indexOf(entry.label) };
  });
}

function report(name, judged) {
  const share = (test) => {
    const count = judged.filter(test).length;
    return `${((100 * count) / judged.length).toFixed(1)} % (${count})`;
  };
  print(`\n${name}: ${judged.length} requests`);
  print(`  ${'is \\ read as'.padEnd(12)}${CLASSES.map((each) => each.padStart(10)).join('')}`);
  for (const label of CLASSES) {
    const row = CLASSES.map(
      (got) => judged.filter((entry) => entry.label === label && entry.got === got).length,
    );
    print(`  ${label.padEnd(12)}${row.map((count) => String(count).padStart(10)).join('')}`);
  }
  print(
    `  exact ${share(({ off }) => off === 0)}, off by more than one class ${share(({ off }) => Math.abs(off) > 1)}`,
  );
  print(`  too cheap ${share(({ off }) => off < 0)}, too dear ${share(({ off }) => off > 0)}`);
  print(
    `  exact in agent traffic ${exact(judged.filter(({ agent }) => agent !== null))}, bare ${exact(judged.filter(({ agent }) => agent === null))}, not English ${exact(judged.filter(({ language }) => language !== 'en'))}`,
  );
}

function exact(judged) {
  return `${((100 * judged.filter(({ off }) => off === 0).length) / judged.length).toFixed(1)} %`;
}

function reportChanges(all, weights) {
  const before = judge(all, null);
  print('\nWhat the weights change:');
  judge(all, weights).forEach((after, i) => {
    const was = before[i];
    if (was === undefined || was.got === after.got) return;
    const verdict = after.off === 0 ? 'right now' : was.off === 0 ? 'wrong now' : 'still wrong';
    print(`  ${after.id.padEnd(16)} ${was.got} → ${after.got} (${verdict}: ${after.label})`);
  });
}

function reportMisses(name, set, weights) {
  print(`\nMisses, ${name}:`);
  for (const { id, label, got, off, text, view, previousTier } of judge(set, weights)) {
    if (off === 0) continue;
    const { score, reason } = classify(view, { weights, previousTier: previousTier ?? null });
    print(`  ${id} ${label} → ${got} ${score.toFixed(2)} ${reason} ${text.slice(0, 90)}`);
  }
}

function time(name, { protocol, body }) {
  const members = scanObject(body);
  const once = () =>
    classify(readConversation(protocol, body, members), { weights: null, previousTier: 'standard' });
  for (let i = 0; i < 1_000; i++) once();
  const spent = new Float64Array(Math.max(200, Math.min(calls, Math.ceil((calls * 100_000) / body.length))));
  for (let i = 0; i < spent.length; i++) {
    const from = hrtime.bigint();
    once();
    spent[i] = Number(hrtime.bigint() - from) / 1_000;
  }
  spent.sort();
  const at = (share) => (spent[Math.floor(spent.length * share)] ?? 0).toFixed(1).padStart(8);
  print(
    `  ${name.padEnd(30)} ${String(body.length).padStart(8)} bytes  p50 ${at(0.5)} µs  p99 ${at(0.99)} µs`,
  );
}

/** Requests of the set one after the other: more of the words that are looked for than in any real prompt. */
function longText() {
  return readCases()
    .filter(({ language }) => language === 'en')
    .map(({ text }) => text.replaceAll(/\{\{.*?\}\}/g, ''))
    .join(' ')
    .slice(0, 3_000);
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
