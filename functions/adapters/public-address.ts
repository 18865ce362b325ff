/**
 * Is an IP address one of the public internet? Whoever may name a host for us to call must not reach what only we can
 * reach: our network, the metadata server, this machine.
 * The ranges: IANA's registries of special-purpose addresses for IPv4 and IPv6 (those that are not "globally
 * reachable"), multicast, and the forms in which an IPv6 address carries an IPv4 one.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const SPECIAL_V6 = [
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

/** One list for each family: a list takes an IPv4 address for its IPv6 form as well. */
const special = { ipv4: blockList(SPECIAL_V4, 'ipv4'), ipv6: blockList(SPECIAL_V6, 'ipv6') };

function blockList(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits] = range.split('/');
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}

/** Whether an IP address (v4 or v6, in text) is reached from anywhere; false for what is no address. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.ipv4.check(address, 'ipv4');
  return isIPv6(address) && !special.ipv6.check(address, 'ipv6');
}
