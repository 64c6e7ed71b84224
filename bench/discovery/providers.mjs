/** The answering side of the discovery bench: one simulated provider for each slug, told of over the process channel. */
import { startSimulatedProvider } from '../../dist/test/support/providers/simulated-provider.js';

process.once('message', async ({ slugs, models, dead }) => {
  const perProvider = Math.ceil(models / slugs.length);
  const started = [];
  for (const [index, slug] of slugs.entries()) {
    const provider = await startSimulatedProvider(slug);
    const count = Math.min(perProvider, models - index * perProvider);
    provider.setModels(Array.from({ length: Math.max(count, 0) }, (_, i) => ({ id: `bench-${index}-${i}` })));
    started.push({ slug, url: provider.url, secret: provider.keys.good });
  }
  const silent = await startSimulatedProvider(dead);
  silent.setFault({ kind: 'stall', afterFrames: 0, on: 'models' });
  process.send({ started, dead: { slug: dead, url: silent.url, secret: silent.keys.good } });
});
