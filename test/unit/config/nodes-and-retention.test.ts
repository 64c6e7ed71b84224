import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config/config.js';

describe('REDIS_URL', () => {
  it('is not needed, and may ask for TLS', () => {
    expect(readConfig({}).redisUrl).toBeNull();
    expect(readConfig({ REDIS_URL: '' }).redisUrl).toBeNull();
    expect(readConfig({ REDIS_URL: 'rediss://:pw@cache:6380/2' }).redisUrl).toBe('rediss://:pw@cache:6380/2');
  });

  it('must be one of Redis', () => {
    expect(() => readConfig({ REDIS_URL: 'http://cache:6379' })).toThrow(/^REDIS_URL must be a redis:\/\//);
    expect(() => readConfig({ REDIS_URL: 'cache' })).toThrow(/^REDIS_URL /);
  });
});

describe('USAGE_RETENTION_DAYS', () => {
  it.each([
    [undefined, 90],
    ['1', 1],
    ['1100', 1_100],
  ])('%s means %i days', (text, days) => {
    expect(readConfig({ USAGE_RETENTION_DAYS: text }).usageRetentionDays).toBe(days);
  });

  it.each(['0', '-1', '1101', '1.5', 'forever'])('is not %s', (text) => {
    expect(() => readConfig({ USAGE_RETENTION_DAYS: text })).toThrow(/^USAGE_RETENTION_DAYS /);
  });
});
