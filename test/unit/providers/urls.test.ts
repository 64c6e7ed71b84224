import { expect, test } from 'vitest';
import { findProvider } from '../../../src/providers/registry.js';
import { addressOf, callUrl } from '../../../src/providers/urls.js';

const TEMPLATE = 'https://g.example/v1beta/models/{model}:{method}';

test('a call fills in the model and how it is to answer', () => {
  const upstreamId = 'gemini-2.5-pro';
  expect(callUrl(TEMPLATE, { upstreamId, stream: false })).toBe(
    'https://g.example/v1beta/models/gemini-2.5-pro:generateContent',
  );
  expect(callUrl(TEMPLATE, { upstreamId, stream: true })).toBe(
    'https://g.example/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
  );
});

test('a model stays one segment of the path, whatever is in its name', () => {
  expect(callUrl(TEMPLATE, { upstreamId: '../a?b=$&', stream: false })).toBe(
    'https://g.example/v1beta/models/..%2Fa%3Fb%3D%24%26:generateContent',
  );
});

test('the template survives being put behind another origin', () => {
  const gemini = findProvider('gemini')?.offerings[0];
  if (!gemini) throw new Error('gemini is gone');
  const address = addressOf(gemini, gemini.endpoints[0].url, {
    region: null,
    baseUrl: 'http://127.0.0.1:9/proxy',
  });
  expect(callUrl(address, { upstreamId: 'm', stream: true })).toBe(
    'http://127.0.0.1:9/proxy/v1beta/models/m:streamGenerateContent?alt=sse',
  );
});

test('other URLs stay as they are', () => {
  const url = 'https://o.example/v1/chat/completions';
  expect(callUrl(url, { upstreamId: 'm', stream: true })).toBe(url);
});
