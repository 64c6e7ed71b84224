/** What strict providers mind in a chat request, in their recorded words. Each looks at the body and says what it refuses. */
import type { RecordedFailure } from './simulation.js';

type Fields = Readonly<Record<string, unknown>>;

/** Why a request is refused; null when nothing is wrong with it. */
export type Objection = (body: Fields) => RecordedFailure | null;

/** How a provider words an error of the caller. */
export type Wording = (what: string) => unknown;

/** The first objection that applies. */
export function firstOf(...objections: readonly Objection[]): Objection {
  return (body) => {
    for (const objection of objections) {
      const failure = objection(body);
      if (failure) return failure;
    }
    return null;
  };
}

/** Mistral's own limit on ids of calls. */
export function nineAlphanumerics(wording: Wording): Objection {
  return (body) => {
    const ids = messagesOf(body).flatMap((message) => [
      ...listOf(message['tool_calls']).map((call) => call['id']),
      ...(message['role'] === 'tool' ? [message['tool_call_id']] : []),
    ]);
    const wrong = ids.find((id) => typeof id !== 'string' || !/^[a-zA-Z0-9]{9}$/.test(id));
    return wrong === undefined
      ? null
      : invalid(wording(`Tool call id was ${String(wrong)} but must be a-z, A-Z, 0-9, with a length of 9.`));
  };
}

/** Turns that called tools must show what was thought before, while the model thinks. */
export function missingThoughts(wording: (index: number) => unknown): Objection {
  return (body) => {
    if (thinkingIsOff(body)) return null;
    const index = messagesOf(body).findIndex(
      (message) =>
        message['role'] === 'assistant' &&
        listOf(message['tool_calls']).length > 0 &&
        typeof message['reasoning_content'] !== 'string',
    );
    return index === -1 ? null : invalid(wording(index));
  };
}

/** No call can be forced while the model thinks. */
export function forcedToolWhileThinking(wording: () => unknown): Objection {
  return (body) => {
    const choice = body['tool_choice'];
    const forced = choice === 'required' || (typeof choice === 'object' && choice !== null);
    return forced && !thinkingIsOff(body) ? invalid(wording()) : null;
  };
}

/** Fields of the body it does not know. */
export function unknownFields(names: readonly string[], wording: Wording, status = 400): Objection {
  return (body) => {
    const found = names.find((name) => Object.hasOwn(body, name));
    return found === undefined ? null : invalid(wording(found), status);
  };
}

/** Fields of messages it does not know. */
export function unknownMessageFields(
  names: readonly string[],
  wording: (index: number, role: string, name: string) => unknown,
  status = 400,
): Objection {
  return (body) => {
    for (const [index, message] of messagesOf(body).entries()) {
      const found = names.find((name) => Object.hasOwn(message, name));
      if (found !== undefined) return invalid(wording(index, String(message['role']), found), status);
    }
    return null;
  };
}

/** Roles it does not know. */
export function unknownRole(role: string, wording: Wording): Objection {
  return (body) =>
    messagesOf(body).some((message) => message['role'] === role) ? invalid(wording(role)) : null;
}

function thinkingIsOff(body: Fields): boolean {
  const thinking = body['thinking'];
  const type = typeof thinking === 'object' && thinking !== null ? (thinking as Fields)['type'] : undefined;
  return type === 'disabled' || body['enable_thinking'] === false;
}

function invalid(body: unknown, status = 400): RecordedFailure {
  return { status, body, class: 'INVALID_REQUEST' };
}

function messagesOf(body: Fields): readonly Fields[] {
  return listOf(body['messages']);
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
}
