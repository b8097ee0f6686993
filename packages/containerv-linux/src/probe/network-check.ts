import type { HostCheck } from 'containerv-api';
import type { PastaProgram } from '../network/pasta-program.js';
import type { HostFiles } from './host-files.js';

const NAME = 'private networks';
const MODULES = 'nf_tables nft_ct nft_nat nft_masq nft_reject_inet nft_fib_inet bridge veth';

/** @param nftables whether the kernel answers for it; `undefined`: not for this user to ask */
export function checkNetwork(host: HostFiles, nftables: boolean | undefined, pasta: PastaProgram): HostCheck {
  if (host.uid !== 0) return checkPasta(pasta);
  if (nftables !== true) {
    return {
      name: NAME,
      status: 'degraded',
      detail: 'The kernel does not answer for nftables.',
      fix: `sudo modprobe -a ${MODULES}`,
    };
  }
  if (host.read('/proc/sys/net/ipv4/ip_forward')?.trim() !== '1') {
    return {
      name: NAME,
      status: 'ok',
      detail: 'nftables; net.ipv4.ip_forward is 0, and the first container with `nat` sets it to 1',
    };
  }
  const ipv6 = host.read('/proc/sys/net/ipv6/conf/all/forwarding')?.trim() === '1';
  return {
    name: NAME,
    status: 'ok',
    detail: ipv6
      ? 'nftables, IPv4 and IPv6'
      : 'nftables; beyond this host IPv4 only, as IPv6 forwarding is off',
  };
}

/** For users without privileges. */
function checkPasta(pasta: PastaProgram): HostCheck {
  if ('program' in pasta) return { name: NAME, status: 'ok', detail: `by ${pasta.program}, as this user` };
  const { what, fix } = pasta.lack;
  return {
    name: NAME,
    status: 'degraded',
    detail: `Not for this user, because ${what}: \`network\` can be 'none' or 'host'.`,
    fix,
  };
}
