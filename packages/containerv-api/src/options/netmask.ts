import { isIPv4 } from 'node:net';
import { invalidOption } from '../option-check.js';

/** The prefix length of a netmask: `'255.255.255.0'` gives 24; a number from 0 to 128 is one already. */
export function parseNetmask(netmask: string | number, option: string): number {
  if (typeof netmask === 'number' && Number.isInteger(netmask) && netmask >= 0 && netmask <= 128)
    return netmask;
  if (typeof netmask === 'string' && isIPv4(netmask)) {
    const bits = netmask
      .split('.')
      .map((octet) => Number(octet).toString(2).padStart(8, '0'))
      .join('');
    if (/^1*0*$/.test(bits)) return bits.indexOf('0') === -1 ? 32 : bits.indexOf('0');
  }
  throw invalidOption(option, "a netmask such as '255.255.255.0' or a prefix length", netmask);
}
