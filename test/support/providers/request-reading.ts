/** What a simulated model reads out of a request, in whichever wire format it came. */
type Fields = Readonly<Record<string, unknown>>;

/**
 * What the model is to answer: the results that the last turn brings, with what the user wrote beside them, or else the
 * text of the last message by the user.
 */
export function lastAsked(body: Fields): string {
  const turns = turnsOf(body);
  if (typeof turns === 'string') return turns;
  const tail = turns.slice(turns.findLastIndex(isOfModel) + 1);
  const results = tail.flatMap(resultsOf);
  const user = textOf(turns.findLast((turn) => turn['role'] === 'user'));
  if (results.length === 0) return user;
  return [...results, tail.some((turn) => turn['role'] === 'user') ? user : ''].filter(Boolean).join('\n');
}

/** The tool the request makes the model call; null when it leaves that to the model. */
export function forcedTool(body: Fields): string | null {
  const choice = fieldsOf(body['tool_choice']);
  const config = fieldsOf(fieldsOf(body['toolConfig'])['functionCallingConfig']);
  const allowed = config['mode'] === 'ANY' ? config['allowedFunctionNames'] : undefined;
  const name =
    fieldsOf(choice['function'])['name'] ??
    choice['name'] ??
    (Array.isArray(allowed) && allowed.length === 1 ? (allowed[0] as unknown) : undefined);
  return typeof name === 'string' ? name : null;
}

/** The pictures, files and sounds of the whole request: kind, then media type or address. */
export function mediaOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(mediaOf);
  if (typeof value !== 'object' || value === null) return [];
  const found = mediumOf(value as Fields);
  return found === null ? Object.values(value).flatMap(mediaOf) : [found];
}

function mediumOf(part: Fields): string | null {
  const source = fieldsOf(part['source']);
  const file = fieldsOf(part['file']);
  switch (part['type']) {
    case 'image_url':
      return `image ${addressOrType(fieldsOf(part['image_url'])['url'])}`;
    case 'input_image':
      return `image ${addressOrType(part['image_url'] ?? part['file_id'])}`;
    case 'image':
      return `image ${addressOrType(source['media_type'] ?? source['url'] ?? source['file_id'])}`;
    case 'document':
      return `file ${addressOrType(source['media_type'] ?? source['url'] ?? source['file_id'])}`;
    case 'file':
      return `file ${addressOrType(file['file_data'] ?? file['file_id'])}`;
    case 'input_file':
      return `file ${addressOrType(part['file_data'] ?? part['file_url'] ?? part['file_id'])}`;
    case 'input_audio':
      return `audio ${addressOrType(fieldsOf(part['input_audio'])['format'])}`;
    default:
  }
  const inline = fieldsOf(part['inlineData']);
  const elsewhere = fieldsOf(part['fileData']);
  const type = inline['mimeType'] ?? elsewhere['mimeType'];
  if (type === undefined && elsewhere['fileUri'] === undefined) return null;
  const kind = /^(image|audio)\//.exec(typeof type === 'string' ? type : '')?.[1] ?? 'file';
  return `${kind} ${addressOrType(elsewhere['fileUri'] ?? type)}`;
}

/** The media type of a data URL, anything else as it is. */
function addressOrType(value: unknown): string {
  const text = typeof value === 'string' ? value : String(value);
  return /^data:([^;,]+)/.exec(text)?.[1] ?? text;
}

function turnsOf(body: Fields): string | readonly Fields[] {
  const turns = body['messages'] ?? body['input'] ?? body['contents'];
  if (typeof turns === 'string') return turns;
  return Array.isArray(turns) ? turns.map(fieldsOf) : [];
}

function isOfModel(turn: Fields): boolean {
  const { role, type } = turn;
  if (typeof role === 'string') return role === 'assistant' || role === 'model';
  return type === 'function_call' || type === 'custom_tool_call' || type === 'reasoning';
}

/** The tool results of a turn, as text. */
function resultsOf(turn: Fields): string[] {
  if (turn['role'] === 'tool') return [textOf(turn)];
  if (typeof turn['type'] === 'string' && turn['type'].endsWith('call_output'))
    return [textOf({ content: turn['output'] })];
  return partsOf(turn).flatMap((part) => {
    if (part['type'] === 'tool_result') return [textOf(part)];
    const response = fieldsOf(part['functionResponse'])['response'];
    return response === undefined ? [] : [stringsIn(response).join('\n')];
  });
}

function textOf(turn: Fields | undefined): string {
  const content = turn?.['content'];
  if (typeof content === 'string') return content;
  return partsOf(turn ?? {})
    .map((part) => part['text'])
    .filter((text) => typeof text === 'string')
    .join('\n');
}

function partsOf(turn: Fields): readonly Fields[] {
  const parts = turn['content'] ?? turn['parts'];
  return Array.isArray(parts) ? parts.map(fieldsOf) : [];
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
