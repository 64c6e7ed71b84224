/** What a model is for, told from its name where nobody says: families whose models do not chat. */
import type { ModelKind } from '../domain/vocabulary.js';

const EMBEDDING =
  /(?:^|[^a-z])(?:embed(?:ding)?s?|bge|gte|e5|nomic-embed)(?:[^a-z]|$)|text-embedding|embed-/i;
const OTHER = new RegExp(
  [
    'rerank',
    'moderation',
    'whisper',
    'transcri(?:be|ption)',
    'speech-to',
    '(?:^|[^a-z])(?:tts|asr|ocr|stt)(?:[^a-z]|$)',
    'paraformer',
    'sambert',
    'cosyvoice',
    'audio-turbo',
    'dall-e',
    'imagen(?:[^a-z]|$)',
    'gpt-image',
    'chatgpt-image',
    'qwen-image',
    'cogview',
    'cogvideo',
    'wanx',
    'stable-diffusion',
    '(?:^|[^a-z])(?:sdxl|flux|sora|veo|lyria)(?:[^a-z]|$)',
    'prompt-guard',
  ].join('|'),
  'i',
);

/** Kind by the name alone; what is in no known family chats. */
export function kindByName(upstreamId: string): ModelKind {
  if (EMBEDDING.test(upstreamId)) return 'EMBEDDING';
  return OTHER.test(upstreamId) ? 'OTHER' : 'CHAT';
}
