/** Who calls the outside: nobody but the guarded clients. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** The guarded clients, and the demo, which calls the program itself. */
const CALLERS = [
  'app/demo.ts',
  'gateway/upstream-client.ts',
  'upstream/address-policy.ts',
  'upstream/http-get.ts',
];
const IMPORTS_CLIENT =
  /^import (?!type ).*\b(?:Agent|Client|Pool|buildConnector|request|fetch|stream|get)\b.* from '(?:undici|node:https?|node:http2)'/m;
const FETCHES = /\bfetch\(/;
/** A page that runs in a browser and asks where it came from. */
const PAGE = 'graphql/graphiql.ts';

it('calls to the outside are made by the guarded clients alone', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const callers = files.filter((file) => {
    const text = readFileSync(join('src', file), 'utf8');
    return file !== PAGE && (IMPORTS_CLIENT.test(text) || FETCHES.test(text));
  });
  expect(callers.toSorted()).toEqual(CALLERS);
});
