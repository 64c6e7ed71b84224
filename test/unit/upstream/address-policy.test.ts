import type { LookupAddress } from 'node:dns';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  addressRefusal,
  checkBaseUrl,
  createGuardedConnector,
  createGuardedLookup,
  type SystemLookup,
  type AddressPolicy,
} from '../../../src/upstream/address-policy.js';

const strict: AddressPolicy = { billing: 'SUBSCRIPTION', allowPrivate: false };
const lenient: AddressPolicy = { billing: 'METERED', allowPrivate: true };
const local: AddressPolicy = { billing: 'LOCAL', allowPrivate: false };

const PRIVATE = [
  '127.0.0.1',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '169.254.1.1',
  '100.64.0.1',
  '0.0.0.0',
  '198.18.0.1',
  '::1',
  '::',
  'fe80::1',
  'fe80::1%eth0',
  'fc00::1',
  'fd12:3456::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '64:ff9b::10.0.0.1',
  '2002:7f00:1::',
  '::ffff:0:10.0.0.1',
  '64:ff9b::1',
];
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '::ffff:169.254.169.254',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fe80::a9fe:a9fe',
  '64:ff9b::169.254.169.254',
  '169.254.170.23',
  '::ffff:0:169.254.169.254',
  '64:ff9b:1::169.254.169.254',
  '2002:a9fe:a9fe::1',
];
const PUBLIC = ['8.8.8.8', '104.16.0.1', '172.32.0.1', '100.128.0.1', '2606:4700::1', '64:ff9b::8.8.8.8'];

describe('an address', () => {
  it.each(PRIVATE)('%s is for local servers only, unless private ones are allowed', (address) => {
    expect(addressRefusal(address, strict)).toContain('private');
    expect(addressRefusal(address, lenient)).toBeNull();
    expect(addressRefusal(address, local)).toBeNull();
  });

  it.each(METADATA)('%s is never called', (address) => {
    for (const policy of [strict, lenient, local])
      expect(addressRefusal(address, policy)).toContain('metadata');
  });

  it.each(PUBLIC)('%s may be called', (address) => {
    for (const policy of [strict, lenient, local]) expect(addressRefusal(address, policy)).toBeNull();
  });

  it.each(['224.0.0.1', '255.255.255.255', 'ff02::1'])('%s is never called', (address) => {
    expect(addressRefusal(address, lenient)).toContain('multicast or reserved');
  });
});

describe('a base URL', () => {
  it.each([
    ['https://proxy.example.com/zai', strict, 'https://proxy.example.com/zai'],
    ['https://8.8.8.8', strict, 'https://8.8.8.8/'],
    ['http://127.0.0.1:8080', lenient, 'http://127.0.0.1:8080/'],
    ['http://[::1]:8080', lenient, 'http://[::1]:8080/'],
    ['http://localhost:11434', local, 'http://localhost:11434/'],
    ['http://ollama:11434', local, 'http://ollama:11434/'],
    ['http://host.docker.internal:11434', local, 'http://host.docker.internal:11434/'],
    ['http://192.168.1.5:1234', local, 'http://192.168.1.5:1234/'],
  ])('%s is accepted', (text, policy, url) => {
    expect(checkBaseUrl(text, policy)).toEqual({ ok: true, url });
  });

  it.each([
    ['nonsense', strict, 'absolute URL'],
    ['ftp://example.com', strict, 'https://'],
    ['file:///etc/passwd', local, 'https://'],
    ['https://user:pass@example.com', strict, 'user name'],
    ['https://example.com/?key=1', strict, 'no query'],
    ['http://example.com', lenient, 'https'],
    ['http://example.com', local, 'https'],
    ['http://proxy.internal', strict, 'https'],
    ['http://127.0.0.1', strict, 'ALLOW_PRIVATE_UPSTREAMS'],
    ['https://localhost', strict, 'ALLOW_PRIVATE_UPSTREAMS'],
    ['https://localhost.', strict, 'ALLOW_PRIVATE_UPSTREAMS'],
    ['https://api.localhost', strict, 'ALLOW_PRIVATE_UPSTREAMS'],
    ['https://2130706433', strict, 'ALLOW_PRIVATE_UPSTREAMS'],
    ['https://0x7f.1', strict, 'ALLOW_PRIVATE_UPSTREAMS'],
    ['https://[::ffff:127.0.0.1]', strict, 'ALLOW_PRIVATE_UPSTREAMS'],
    ['http://169.254.169.254/latest', lenient, 'metadata'],
    ['http://metadata.google.internal', local, 'metadata'],
  ])('%s is refused, naming the rule', (text, policy, rule) => {
    expect(checkBaseUrl(text, policy)).toEqual({ ok: false, message: expect.stringContaining(rule) });
  });
});

describe('a guarded lookup', () => {
  const answering = (addresses: LookupAddress[]) =>
    createGuardedLookup(strict, (_hostname, _options, callback) => callback(null, addresses));
  const lookUp = (addresses: LookupAddress[], all: boolean): Promise<unknown> =>
    new Promise((resolve, reject) => {
      answering(addresses)('evil.example.com', { all }, (error, ...found) =>
        error ? reject(error) : resolve(found),
      );
    });
  const inside = { address: '10.0.0.1', family: 4 };
  const outside = { address: '8.8.8.8', family: 4 };

  it('leaves out what the policy refuses, in both forms of answer', async () => {
    expect(await lookUp([inside, outside], true)).toEqual([[outside]]);
    expect(await lookUp([inside, outside], false)).toEqual(['8.8.8.8', 4]);
  });

  it('fails with the rule when nothing is left', async () => {
    await expect(lookUp([inside], true)).rejects.toThrow(
      'evil.example.com (10.0.0.1) is a private or loopback address',
    );
  });
});

describe('a guarded connection', () => {
  /** A name server that answers one address after another. */
  const answeringInTurn = (...addresses: string[]): { resolve: SystemLookup; asked(): number } => {
    let asked = 0;
    return {
      asked: () => asked,
      resolve: (_hostname, _options, callback) => {
        const address = addresses[Math.min(asked++, addresses.length - 1)] ?? '';
        callback(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
      },
    };
  };
  const connectTo = (port: number, policy: AddressPolicy, resolve: SystemLookup): Promise<string> =>
    new Promise((done, fail) => {
      const target = {
        hostname: 'rebound.example.com',
        host: 'rebound.example.com',
        protocol: 'http:',
        port: String(port),
      };
      createGuardedConnector(policy, { timeout: 1_000, resolve })(target, (error, socket) => {
        if (error) fail(error);
        else {
          done(socket.remoteAddress ?? '');
          socket.destroy();
        }
      });
    });
  const listen = async (): Promise<{ port: number; calls(): number; close(): void }> => {
    let calls = 0;
    const server = createServer((socket) => {
      calls++;
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port, calls: () => calls, close: () => server.close() };
  };

  it('goes to the address that was checked: the name is asked for once, whatever it would answer next', async () => {
    const { port, close } = await listen();
    const names = answeringInTurn('127.0.0.1', '10.0.0.1');
    expect(await connectTo(port, local, names.resolve)).toBe('127.0.0.1');
    expect(names.asked()).toBe(1);
    close();
  });

  it.each(['127.0.0.1', '::ffff:127.0.0.1', '0.0.0.0', '::1'])(
    'is refused to a name that led elsewhere when it was saved and leads to %s now',
    async (address) => {
      const { port, calls, close } = await listen();
      expect(checkBaseUrl('https://rebound.example.com', strict)).toMatchObject({ ok: true });
      await expect(connectTo(port, strict, answeringInTurn(address).resolve)).rejects.toThrow('private');
      expect(calls()).toBe(0);
      close();
    },
  );

  it.each(['169.254.169.254', 'fd00:ec2::254', '64:ff9b::169.254.169.254'])(
    'is refused to a name of any kind that leads to %s, also where private addresses are allowed',
    async (address) => {
      for (const policy of [strict, lenient, local]) {
        await expect(connectTo(80, policy, answeringInTurn(address).resolve)).rejects.toThrow('metadata');
      }
    },
  );
});
