import { ContainervError } from 'containerv-api';
import { failureOf, type SystemFailure, systemError } from '../system-error.js';
import { APPLY_RULES } from './network-setup.js';

const EPERM = 1;
const ENOENT = 2;
const EAFNOSUPPORT = 97;
const EADDRINUSE = 98;
const EADDRNOTAVAIL = 99;
const EOPNOTSUPP = 95;
const EPROTONOSUPPORT = 93;

const PUBLISH_PORT = 'publish port';
export const CREATE_INTERFACE = 'create interface';

const STEPS: ReadonlySet<string> = new Set([
  APPLY_RULES,
  PUBLISH_PORT,
  CREATE_INTERFACE,
  'lock networks',
  'configure interface',
  'look at networks',
  'make bridge',
  'protect network',
  'remove network',
]);

export function isNetworkStep(step: string): boolean {
  return STEPS.has(step);
}

/** What failed while a network was set up; the kernel's own words come as the failure's path or detail. */
export function networkError(failure: SystemFailure, cause?: unknown): ContainervError {
  const { step, errno, path = '', detail = '' } = failure;
  const more = cause === undefined ? {} : { cause };
  const said = { ...failure, path: undefined, detail: detail === '' ? path : detail };
  if (step === PUBLISH_PORT && errno === EADDRINUSE) {
    return new ContainervError('ERR_CONTAINERV_NETWORK', `The host's port ${path} is in use`, {
      step,
      syscall: failure.syscall,
      errno: 'EADDRINUSE',
      hint: 'Another program or container has it: choose another `host` port, or see who: ss -lntup',
      ...more,
    });
  }
  if (step === PUBLISH_PORT && errno === EADDRNOTAVAIL) {
    return systemError(said, {
      code: 'ERR_CONTAINERV_NETWORK',
      what: 'The host has no such address to publish a port on:',
      hint: 'Leave `hostIp` out for all of its addresses, or see them: ip address',
      ...more,
    });
  }
  if (errno === EPERM) {
    return systemError(said, {
      what: 'The kernel does not allow it:',
      hint: 'Setting up a network takes CAP_NET_ADMIN. See: containerv doctor',
      ...more,
    });
  }
  if (
    errno === EOPNOTSUPP ||
    errno === EPROTONOSUPPORT ||
    errno === EAFNOSUPPORT ||
    (errno === ENOENT && step === APPLY_RULES)
  ) {
    return systemError(said, {
      code: 'ERR_CONTAINERV_UNSUPPORTED',
      what: 'This kernel lacks a part of nftables, bridges or virtual Ethernet that is needed:',
      hint: 'Load the modules: sudo modprobe -a nf_tables nft_ct nft_nat nft_masq nft_reject_inet nft_fib_inet bridge veth',
      ...more,
    });
  }
  return systemError(said, { code: 'ERR_CONTAINERV_NETWORK', what: 'Cannot set up the network:', ...more });
}

/** What the addon threw, as an error of ours; anything else as it is. */
export function asNetworkError(error: unknown): unknown {
  const failure = failureOf(error, 'set up network');
  return failure === undefined ? error : networkError(failure, error);
}
