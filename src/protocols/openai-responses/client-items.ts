/**
 * Builds the output items of a response out of the steps of an answer, and tells of each step as the event that Responses
 * has for it. Whole answers go the same way, so that both say the same.
 */
import type { AnswerContext, JsonObject } from '../dialect.js';
import type { CanonicalTool, Citation, FinishReason, PartOpening, ReasoningOrigin } from '../canonical.js';
import { objectOf, parsedJson } from '../fields.js';
import { createFreeTextReader } from '../free-text.js';
import { sealText } from '../reasoning-seal.js';
import { annotationOf } from './annotations.js';

/** Tells of one event. */
export type Emit = (type: string, fields: JsonObject) => void;

/** A part of the answer while it is open. */
export interface OpenPart {
  add(delta: string): void;
  cite(citation: Citation): void;
  seal(origin: ReasoningOrigin): void;
  close(): void;
}

export interface ItemBuilder {
  open(opening: PartOpening): OpenPart;
  /** No more parts follow; the answer ended for this reason. */
  finish(reason: FinishReason): void;
  /** The items that are done, in their order. */
  done(): readonly JsonObject[];
}

/** A message that holds consecutive texts and refusals; it stays open while more may follow. */
interface OpenMessage {
  readonly id: string;
  readonly index: number;
  readonly content: JsonObject[];
  openParts: number;
}

/** Ends of an answer that cut its last message short. */
const CUT: readonly FinishReason[] = ['length', 'content_filter'];
const NOTHING = (): void => undefined;

export function createItemBuilder(context: AnswerContext, emit: Emit): ItemBuilder {
  const tools = new Map(context.request.tools.map((tool) => [tool.name, tool]));
  // Short enough for the 64 characters that OpenAI takes of an id it is shown again.
  const base = context.answerId.replace(/[^a-zA-Z0-9]/g, '').slice(-40);
  const output: (JsonObject | null)[] = [];
  let message: OpenMessage | null = null;

  const begin = (prefix: string, fields: JsonObject): { readonly id: string; readonly index: number } => {
    const index = output.length;
    const id = `${prefix}_${base}_${index}`;
    output.push(null);
    emit('response.output_item.added', { output_index: index, item: { id, ...fields } });
    return { id, index };
  };
  const complete = (index: number, item: JsonObject): void => {
    output[index] = item;
    emit('response.output_item.done', { output_index: index, item });
  };
  const completeMessage = ({ id, index, content }: OpenMessage, status: string): void =>
    complete(index, { ...messageFields(status, content), id });
  const leaveMessage = (status = 'completed'): void => {
    const left = message;
    message = null;
    if (left?.openParts === 0) completeMessage(left, status);
  };
  const enterMessage = (): OpenMessage => {
    message ??= { ...begin('msg', messageFields('in_progress', [])), content: [], openParts: 0 };
    return message;
  };

  const openContent = (type: 'text' | 'refusal'): OpenPart => {
    const into = enterMessage();
    const key = type === 'text' ? 'text' : 'refusal';
    const name = type === 'text' ? 'output_text' : 'refusal';
    const more: JsonObject = type === 'text' ? { logprobs: [] } : {};
    const deltaEvent = `response.${name}.delta`;
    const where = { item_id: into.id, output_index: into.index, content_index: into.content.length };
    const citations: Citation[] = [];
    let said = '';
    const part = (): JsonObject =>
      type === 'text'
        ? {
            type: name,
            text: said,
            annotations: citations.map((one) => annotationOf(one, said)),
            logprobs: [],
          }
        : { type: name, refusal: said };
    into.openParts++;
    into.content.push(part());
    emit('response.content_part.added', { ...where, part: part() });
    return {
      add(delta) {
        said += delta;
        // Spelt out: this is done for every token.
        const { item_id, output_index, content_index } = where;
        emit(deltaEvent, { item_id, output_index, content_index, delta, ...more });
      },
      cite: (citation) => void citations.push(citation),
      seal: NOTHING,
      close() {
        const whole = part();
        into.content[where.content_index] = whole;
        // What a text refers to spans it, and how long it is shows only now.
        for (const [index, one] of (type === 'text' ? citations : []).entries()) {
          const annotation = annotationOf(one, said);
          emit('response.output_text.annotation.added', { ...where, annotation_index: index, annotation });
        }
        emit(`response.${name}.done`, { ...where, [key]: said, ...more });
        emit('response.content_part.done', { ...where, part: whole });
        into.openParts--;
        if (into !== message && into.openParts === 0) completeMessage(into, 'completed');
      },
    };
  };

  const openReasoning = (): OpenPart => {
    leaveMessage();
    const { id, index } = begin('rs', { type: 'reasoning', summary: [] });
    const where = { item_id: id, output_index: index, summary_index: 0 };
    // A thought whose origin nobody stated is of the model that answers.
    let origin: ReasoningOrigin = { model: context.model, protocol: 'OPENAI_RESPONSES', signature: null };
    let thought = '';
    return {
      add(delta) {
        if (thought === '') {
          emit('response.reasoning_summary_part.added', {
            ...where,
            part: { type: 'summary_text', text: '' },
          });
        }
        thought += delta;
        emit('response.reasoning_summary_text.delta', { ...where, delta });
      },
      cite: NOTHING,
      seal(stated) {
        origin = stated;
      },
      close() {
        const summary = thought === '' ? [] : [{ type: 'summary_text', text: thought }];
        for (const part of summary) {
          emit('response.reasoning_summary_text.done', { ...where, text: thought });
          emit('response.reasoning_summary_part.done', { ...where, part });
        }
        complete(index, { id, type: 'reasoning', summary, encrypted_content: sealText(origin) });
      },
    };
  };

  const openCall = (callId: string, name: string): OpenPart => {
    leaveMessage();
    const form = callForm(tools.get(name));
    const fields = { type: form.type, call_id: callId, name, ...tools.get(name)?.callFields };
    const { id, index } = begin(form.prefix, {
      ...fields,
      status: 'in_progress',
      [form.key]: form.value(''),
    });
    const where = { item_id: id, output_index: index };
    let input = '';
    const add = (delta: string): void => {
      if (delta === '') return;
      input += delta;
      if (form.event !== null) emit(`response.${form.event}.delta`, { ...where, delta });
    };
    return {
      add: (delta) => add(form.read(delta)),
      cite: NOTHING,
      seal: NOTHING,
      close() {
        add(form.rest());
        // A function without arguments is called with none, which still has to be JSON.
        if (input === '' && form.key === 'arguments') add('{}');
        if (form.event !== null) emit(`response.${form.event}.done`, { ...where, [form.key]: input });
        complete(index, { ...fields, status: 'completed', [form.key]: form.value(input), id });
      },
    };
  };

  return {
    open(opening) {
      if (opening.type === 'tool_call') return openCall(opening.id, opening.name);
      return opening.type === 'reasoning' ? openReasoning() : openContent(opening.type);
    },
    finish: (reason) => leaveMessage(CUT.includes(reason) ? 'incomplete' : 'completed'),
    done: () => output.filter((item) => item !== null),
  };
}

function messageFields(status: string, content: readonly JsonObject[]): JsonObject {
  return { type: 'message', status, role: 'assistant', content: [...content] };
}

/** How a call of a tool is written: a function, free text, or the search that callers run under a type of its own. */
interface CallForm {
  readonly type: string;
  readonly prefix: string;
  readonly key: 'arguments' | 'input';
  /** Name of the events that bring the input; null when there are none. */
  readonly event: string | null;
  value(input: string): unknown;
  read(delta: string): string;
  rest(): string;
}

function callForm(tool: CanonicalTool | undefined): CallForm {
  const asIs = { value: (input: string) => input, read: (delta: string) => delta, rest: () => '' };
  if (tool?.callFields?.['type'] !== undefined) {
    const value = (input: string): unknown => objectOf(parsedJson(input));
    return { ...asIs, type: tool.callFields['type'], prefix: 'tsc', key: 'arguments', event: null, value };
  }
  if (tool?.freeText === undefined) {
    const event = 'function_call_arguments';
    return { ...asIs, type: 'function_call', prefix: 'fc', key: 'arguments', event };
  }
  const reader = createFreeTextReader();
  return {
    ...asIs,
    type: 'custom_tool_call',
    prefix: 'ctc',
    key: 'input',
    event: 'custom_tool_call_input',
    read: (delta) => reader.push(delta),
    rest: () => reader.end(),
  };
}
