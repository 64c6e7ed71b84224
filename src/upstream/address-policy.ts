/**
 * Which addresses this program calls. Operators give URLs and DNS gives addresses; neither may lead it into its own
 * network unless that is wanted, and never to a cloud's metadata service, which hands credentials to whoever asks.
 */
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { Billing } from '../domain/vocabulary.js';

/** What decides whether private addresses are acceptable. */
export interface AddressPolicy {
  readonly billing: Billing;
  /** Whether metered and plan connections may point at private addresses, too. */
  readonly allowPrivate: boolean;
}

export type BaseUrlCheck =
  { readonly ok: true; readonly url: string } | { readonly ok: false; readonly message: string };

/** The part of `dns.lookup` that is used here. */
export type SystemLookup = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** A connection attempt that the policy refuses. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError';
  readonly code = 'FORBIDDEN_ADDRESS';
}

/**
 * Metadata services of AWS, Azure, Google, Alibaba, Oracle and their kin, and of what hands credentials to containers
 * (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html). UNCONFIRMED: those of Tencent (169.254.0.23),
 * Scaleway (169.254.42.42, fd00:42::42) and OpenStack over IPv6 (fe80::a9fe:a9fe); no model server has such an address.
 */
const METADATA = blockList(
  [
    '100.100.100.200/32',
    '168.63.129.16/32',
    '169.254.0.23/32',
    '169.254.42.42/32',
    '169.254.169.253/32',
    '169.254.169.254/32',
    '169.254.170.2/32',
    '169.254.170.23/32',
    '192.0.0.192/32',
  ],
  ['fd00:42::42/128', 'fd00:ec2::/32', 'fd20:ce::254/128', 'fe80::a9fe:a9fe/128'],
);
const METADATA_NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data']);
const METADATA_RULE = 'is a cloud metadata service, which is never called';

/** Multicast, broadcast and reserved: no server has such an address. */
const NEVER = blockList(['224.0.0.0/3'], ['ff00::/8']);
const NEVER_RULE = 'is a multicast or reserved address, which is never called';

/** Loopback, private, link-local, carrier-grade NAT, unique-local, and ranges for tests and tunnels. */
const PRIVATE = blockList(
  [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
  ],
  [
    '::/128',
    '::1/128',
    'fc00::/7',
    'fe80::/10',
    'fec0::/10',
    // IPv4 addresses in IPv6 ones in ways that nothing on the public network uses.
    '::ffff:0:0:0/96',
    '64:ff9b::/112',
    '64:ff9b:1::/48',
    '2002::/16',
    '2001::/32',
  ],
);
const PRIVATE_SUFFIXES = ['.localhost', '.local', '.lan', '.internal', '.home.arpa'];
const PRIVATE_RULE =
  'is a private or loopback address, which only connections to local servers may use unless ALLOW_PRIVATE_UPSTREAMS is true';

/** The rule an IP address breaks, as the end of a sentence about it; null when it may be called. */
export function addressRefusal(address: string, policy: AddressPolicy): string | null {
  const { ip, family } = canonical(address);
  const embedded = translatedIpv4(ip);
  if (METADATA.check(ip, family) || (embedded !== null && METADATA.check(embedded))) return METADATA_RULE;
  if (NEVER.check(ip, family)) return NEVER_RULE;
  return PRIVATE.check(ip, family) && !mayBePrivate(policy) ? PRIVATE_RULE : null;
}

/** Checks an operator's own origin for a connection; the answer is the URL in its normal form. */
export function checkBaseUrl(text: string, policy: AddressPolicy): BaseUrlCheck {
  if (!URL.canParse(text))
    return refused('The base URL must be an absolute URL, such as https://proxy.example.com.');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return refused(`The base URL must begin with https:// or http://, not ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '')
    return refused('The base URL must not contain a user name or password.');
  if (url.search !== '' || url.hash !== '')
    return refused('The base URL must end with its path: no query, no fragment.');
  const refusal = hostRefusal(hostOf(url), policy);
  if (refusal !== null) return refused(`The base URL is not acceptable: ${hostOf(url)} ${refusal}.`);
  if (url.protocol === 'http:' && !(mayBePrivate(policy) && isPrivateHost(hostOf(url)))) {
    return refused('The base URL must use https: plain http is for loopback and private hosts only.');
  }
  return { ok: true, url: url.href };
}

/**
 * A `lookup` for sockets that leaves out addresses the policy refuses, so that the address checked is the address
 * connected to, whatever a name server answers the next time.
 */
export function createGuardedLookup(
  policy: AddressPolicy,
  resolve: SystemLookup = systemLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, '', 0);
        return;
      }
      const allowed = addresses.filter(({ address }) => addressRefusal(address, policy) === null);
      const [first] = allowed;
      if (first === undefined) {
        callback(forbidden(hostname, addresses[0]?.address, policy), '', 0);
      } else if (options.all === true) {
        callback(null, allowed);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
}

/** An undici connector under the policy. Hosts that are IP addresses never reach a lookup and are checked here. */
export function createGuardedConnector(
  policy: AddressPolicy,
  options: { readonly timeout: number; readonly resolve?: SystemLookup },
): buildConnector.connector {
  const { timeout, resolve } = options;
  // undici hands `lookup` on to the socket, but its type knows only TLS options without a host.
  const connect = buildConnector({
    timeout,
    lookup: createGuardedLookup(policy, resolve),
  } as buildConnector.BuildOptions);
  return (target, callback) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && addressRefusal(host, policy) !== null) {
      callback(forbidden(host, host, policy), null);
      return;
    }
    connect(target, callback);
  };
}

function forbidden(
  hostname: string,
  address: string | undefined,
  policy: AddressPolicy,
): ForbiddenAddressError {
  const rule = address === undefined ? 'has no address' : addressRefusal(address, policy);
  const subject = address === undefined || address === hostname ? hostname : `${hostname} (${address})`;
  return new ForbiddenAddressError(`${subject} ${rule}`);
}

function hostRefusal(host: string, policy: AddressPolicy): string | null {
  if (isIP(host) !== 0) return addressRefusal(host, policy);
  if (METADATA_NAMES.has(host)) return METADATA_RULE;
  return isLoopbackName(host) && !mayBePrivate(policy) ? PRIVATE_RULE : null;
}

function mayBePrivate(policy: AddressPolicy): boolean {
  return policy.allowPrivate || policy.billing === 'LOCAL';
}

/** Of a name only its form is known here; where it leads is checked when connecting. */
function isPrivateHost(host: string): boolean {
  if (isIP(host) !== 0) {
    const { ip, family } = canonical(host);
    return PRIVATE.check(ip, family);
  }
  return !host.includes('.') || PRIVATE_SUFFIXES.some((suffix) => host.endsWith(suffix));
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}

/** Host of a URL without brackets, and without the dot that ends a fully qualified name. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** An address as the rules see it: an IPv4 address inside an IPv6 one (mapped, or behind NAT64) counts as itself. */
function canonical(address: string): { ip: string; family: 'ipv4' | 'ipv6' } {
  if (isIP(address) === 4) return { ip: address, family: 'ipv4' };
  const normal = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const embedded = /^(?:::|::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(normal);
  if (!embedded) return { ip: normal, family: 'ipv6' };
  return { ip: dotted(embedded), family: 'ipv4' };
}

/** The IPv4 address that a translator or tunnel of one's own network would make of an IPv6 one; null where none would. */
function translatedIpv4(ip: string): string | null {
  const found =
    /^(?:::ffff:0:|64:ff9b:1::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$|^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/.exec(
      ip,
    );
  return found && dotted(found);
}

/** The two words that an expression found, as an IPv4 address is written. */
function dotted(found: RegExpExecArray): string {
  const words = found
    .slice(1)
    .filter((group) => group !== undefined)
    .map((group) => Number.parseInt(group, 16));
  return words.flatMap((word) => [word >> 8, word & 0xff]).join('.');
}

function refused(message: string): BaseUrlCheck {
  return { ok: false, message };
}

function blockList(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList();
  const add = (subnets: readonly string[], family: 'ipv4' | 'ipv6'): void => {
    for (const subnet of subnets) {
      const [network = '', prefix = ''] = subnet.split('/');
      list.addSubnet(network, Number(prefix), family);
    }
  };
  add(ipv4, 'ipv4');
  add(ipv6, 'ipv6');
  return list;
}
