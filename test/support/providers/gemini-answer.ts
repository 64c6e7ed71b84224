/** Answers in the format of Gemini's generateContent, and the refusals of what that format does not allow. */
import type { TokenCounts } from '../../../src/domain/tokens.js';
import { signatureOf } from './messages-answer.js';
import { scriptAnswer, type ScriptedAnswer } from './script.js';
import { json, type Reply, type SimulatedCall } from './simulation.js';

type Fields = Readonly<Record<string, unknown>>;

/** Path of a call under a base; the model and the method stand in it. */
export const GENERATE_PATH = '/models/{model}:{method}';

/** What a request may have at its top; anything else is refused. */
const KNOWN_FIELDS = [
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'safetySettings',
  'generationConfig',
  'cachedContent',
  'serviceTier',
];

/** What Google takes for the seal on a call that another model made. */
const NO_SEAL = 'skip_thought_signature_validator';

/** An error in Google's form. */
export function googleError(code: number, status: string, message: string): unknown {
  return { error: { code, message, status } };
}

/** Serves an answer: streamed or not as the method says, and as server-sent frames when asked for. */
export function geminiAnswer(call: SimulatedCall, provider: string): Reply {
  const wrong = complaintAbout(call);
  if (wrong !== null) return json(googleError(400, 'INVALID_ARGUMENT', wrong), 400);
  const answer = scriptAnswer(call);
  const answerId = `gemini-${provider}-${call.serial}`;
  const { tokens } = answer;
  const stated = { ...tokens, input: tokens.input + tokens.cacheWrite, cacheWrite: 0 };
  const parts = partsOf(answer, call.body);
  if (call.path.endsWith(':generateContent')) {
    const content = { role: 'model', parts: joined(parts) };
    const body = frame(answer, answerId, { content, finishReason: finishReason(answer) }, usageOf(tokens));
    return { kind: 'json', status: 200, body, answerId, stated };
  }
  const frames: Fields[] = parts.map((part, index) => {
    const candidate = { content: { role: 'model', parts: [part] } };
    return frame(answer, answerId, candidate, usageOf(tokens, index + 1));
  });
  const last = { content: { role: 'model', parts: [{ text: '' }] }, finishReason: finishReason(answer) };
  frames.push(frame(answer, answerId, last, usageOf(tokens)));
  if (call.query.get('alt') !== 'sse') return { kind: 'json', status: 200, body: frames, answerId, stated };
  return {
    kind: 'stream',
    frames: frames.map((data) => `data: ${JSON.stringify(data)}\r\n\r\n`),
    everyMs: answer.everyMs,
    answerId,
    stated,
  };
}

function frame(
  answer: ScriptedAnswer,
  responseId: string,
  candidate: Fields,
  usageMetadata: unknown,
): Fields {
  return {
    candidates: [{ ...candidate, index: 0 }],
    usageMetadata,
    modelVersion: answer.model,
    responseId,
  };
}

/** Counts so far: every frame states them, the last one in full. */
function usageOf(tokens: TokenCounts, atMost = Infinity): Fields {
  const prompt = tokens.input + tokens.cacheRead + tokens.cacheWrite;
  const thoughts = tokens.reasoning ?? 0;
  const candidates = Math.min(tokens.output - thoughts, atMost);
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: candidates,
    totalTokenCount: prompt + candidates + thoughts,
    ...(tokens.cacheRead > 0 && { cachedContentTokenCount: tokens.cacheRead }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
    ...(tokens.reasoning !== null && { thoughtsTokenCount: thoughts }),
  };
}

/** In the pieces they are streamed in. The first call is sealed, or else the text at its end. */
function partsOf(answer: ScriptedAnswer, body: Fields): Fields[] {
  const { model, pieces, reasoning, refusal, tools } = answer;
  const seal = reasoning !== null || isStrict(model) ? { thoughtSignature: signatureOf(model) } : {};
  const thoughts = reasoning !== null && showsThoughts(body) ? [{ text: reasoning, thought: true }] : [];
  const words = refusal === null ? pieces : [refusal];
  return [
    ...thoughts,
    ...words.map((text) => ({ text })),
    ...tools.map(({ name, argumentsJson }, index) => ({
      functionCall: { name, args: JSON.parse(argumentsJson || '{}') as unknown },
      ...(index === 0 && seal),
    })),
    ...(tools.length === 0 && words.length > 0 && 'thoughtSignature' in seal ? [{ text: '', ...seal }] : []),
  ];
}

/** A whole answer has its text in one part, seal and all. */
function joined(parts: readonly Fields[]): Fields[] {
  const whole: Fields[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    const continues =
      last?.['text'] !== undefined && part['text'] !== undefined && last['thought'] === part['thought'];
    if (continues)
      whole[whole.length - 1] = { ...last, ...part, text: String(last['text']) + String(part['text']) };
    else whole.push(part);
  }
  return whole;
}

function showsThoughts(body: Fields): boolean {
  const config = fieldsOf(fieldsOf(body['generationConfig'])['thinkingConfig']);
  return config['includeThoughts'] === true;
}

function finishReason(answer: ScriptedAnswer): string {
  if (answer.refusal !== null) return 'SAFETY';
  return answer.cut ? 'MAX_TOKENS' : 'STOP';
}

/** The third generation insists on the seals of the calls it made. */
function isStrict(model: string): boolean {
  return model.startsWith('gemini-3');
}

/** What Google would say against the request; null when nothing. */
function complaintAbout({ body }: SimulatedCall): string | null {
  const unknown = Object.keys(body).find((field) => field !== 'model' && !KNOWN_FIELDS.includes(field));
  if (unknown !== undefined) {
    return `Invalid JSON payload received. Unknown name "${unknown}": Cannot find field.`;
  }
  const turns = listOf(body['contents']);
  if (turns.length === 0) return '* GenerateContentRequest.contents: contents is not specified';
  for (const [index, turn] of turns.entries()) {
    const parts = listOf(turn['parts']);
    if (parts.length === 0) return `* GenerateContentRequest.contents[${index}].parts: must not be empty.`;
    const complaint = complaintAboutCalls(parts, turns[index + 1], String(body['model']));
    if (complaint !== null) return complaint;
  }
  return null;
}

function complaintAboutCalls(
  parts: readonly Fields[],
  next: Fields | undefined,
  model: string,
): string | null {
  const calls = parts.filter((part) => part['functionCall'] !== undefined);
  const [first] = calls;
  if (first === undefined) return null;
  const results = listOf(next?.['parts']).flatMap((part) => fieldsOf(part['functionResponse'])['name'] ?? []);
  const names = calls.map((part) => fieldsOf(part['functionCall'])['name']);
  if (results.length !== calls.length || results.some((name, index) => name !== names[index])) {
    return 'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.';
  }
  if (!isStrict(model)) return null;
  const seal = first['thoughtSignature'];
  if (seal === undefined) return 'Function call is missing a thought_signature in functionCall parts.';
  return seal === NO_SEAL || seal === signatureOf(model) ? null : 'Thought signature is not valid.';
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
