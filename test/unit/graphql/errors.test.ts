import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.js';
import { asGraphqlError, refusal, toPublicError } from '../../../src/graphql/errors.js';

describe('what a caller sees of an error', () => {
  it('is nothing but a code and an apology for one that nobody foresaw, whose cause goes to the log', () => {
    const cause = new Error('password=hunter2');
    const shown = toPublicError(
      new GraphQLError('password=hunter2', { originalError: cause, path: ['viewer'] }),
    );
    expect(JSON.stringify(shown.formatted)).not.toContain('hunter2');
    expect(shown.formatted).toMatchObject({
      path: ['viewer'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
    expect(shown.cause).toBe(cause);
  });

  it('is the message, code, field and hint of one of ours', () => {
    const error = new AppError('RATE_LIMITED', 'Slow down.', { field: ['id'], retryAfterSeconds: 3 });
    expect(toPublicError(asGraphqlError(error))).toEqual({
      formatted: {
        message: 'Slow down.',
        extensions: { code: 'RATE_LIMITED', field: ['id'], retryAfterSeconds: 3 },
      },
      cause: null,
    });
  });

  it('is a refusal as it was made, without what was meant for the transport', () => {
    const error = refusal('QUERY_TOO_DEEP', 'Too deep.');
    error.extensions['http'] = { status: 400 };
    error.extensions['stacktrace'] = ['at home'];
    expect(toPublicError(error).formatted).toEqual({
      message: 'Too deep.',
      extensions: { code: 'QUERY_TOO_DEEP' },
    });
  });

  it('is the apology also for what is thrown without being an error', () => {
    expect(toPublicError(asGraphqlError('hunter2')).formatted.message).not.toContain('hunter2');
  });
});
