/** Structured logging with redaction built in: values under secret-bearing names never reach the output. */
import { destination, pino, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

const SECRET_NAMES = ['authorization', 'cookie', 'secret', 'plaintext', 'token', 'apiKey', 'envelope'];
const SECRET_PATHS = [
  ...SECRET_NAMES,
  ...SECRET_NAMES.map((name) => `*.${name}`),
  ...SECRET_NAMES.map((name) => `*.*.${name}`),
  '["x-api-key"]',
  '*["x-api-key"]',
  '*.*["x-api-key"]',
];

export interface LoggerOptions {
  level: string;
  /** Which process writes, such as `control` or `gateway-0`. */
  role: string;
}

/** Logs go to standard error, so that standard output stays free for what a command is asked to print. */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level,
      base: { role: options.role },
      redact: { paths: SECRET_PATHS, censor: '[redacted]' },
    },
    destination({ fd: 2, sync: true }),
  );
}
