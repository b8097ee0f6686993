import { release } from 'node:os';
import {
  type Enforced,
  type HostCheck,
  type HostReport,
  isContainervError,
  resolveContainerOptions,
} from 'containerv-api';
import { lackOfBpfLsm } from '../bpf-lsm/availability.js';
import { readHierarchies } from '../cgroup/hierarchy.js';
import { createContainer } from '../create-container.js';
import { lackOfPrivateIds, subordinateIds, whyOneId } from '../ids/choose-ids.js';
import { type Native, native } from '../native.js';
import { listTables } from '../netlink/nft-table.js';
import { rulesExchange } from '../network/exchange.js';
import { findPasta } from '../network/pasta-program.js';
import { baseDirectories } from '../state/directories.js';
import { checkAppArmor } from './apparmor.js';
import { checkBpfLsm } from './bpf-lsm.js';
import { checkCgroup } from './cgroup-check.js';
import {
  checkKernel,
  checkLandlock,
  checkMemfd,
  checkNamespaces,
  checkOverlay,
  checkProc,
  checkSeccomp,
  checkUserNamespaces,
} from './checks.js';
import { checkDeviceFilter } from './device-filter-check.js';
import { hostFiles } from './host-files.js';
import { checkNetwork } from './network-check.js';
import { checkPrivateIds, checkSubordinateIds } from './subordinate-check.js';

interface Trial {
  readonly check: HostCheck;
  /** What the container had; `undefined`: there was none. */
  readonly enforced: Enforced | undefined;
}

/** What works on this host, what is missing and how to fix it. Ends by really running a process in a container. */
export async function probeHost(): Promise<HostReport> {
  const addon = native();
  const { check: trial, enforced } = await tryContainer();
  const checks: HostCheck[] = [
    checkKernel(release(), (number) => addon.hasSystemCall(number)),
    checkNamespaces(hostFiles),
    checkUserNamespaces(hostFiles),
    checkIds(enforced),
    checkSeccomp(hostFiles),
    checkLandlock(addon.landlockAbi()),
    checkAppArmor(hostFiles),
    checkBpfLsm(lackOfBpfLsm(addon)),
    checkOverlay(hostFiles, baseDirectories()),
    checkCgroup(hostFiles, readHierarchies(), enforced),
    checkDeviceFilter(hostFiles, enforced?.deviceFilter),
    checkNetwork(hostFiles, await answersForNftables(addon), findPasta()),
    checkProc(hostFiles),
    checkMemfd(hostFiles),
    trial,
  ];
  return { usable: trial.status === 'ok', checks };
}

async function answersForNftables(addon: Native): Promise<boolean | undefined> {
  if (hostFiles.uid !== 0) return undefined;
  const exchanges = [rulesExchange('look at networks', listTables('inet'))];
  return addon.netlink({ lock: '', exclusive: false, exchanges }).then(
    () => true,
    () => false,
  );
}

function checkIds(enforced: Enforced | undefined): HostCheck {
  const spec = resolveContainerOptions({});
  if (hostFiles.uid !== 0) return checkSubordinateIds(subordinateIds(), whyOneId(spec));
  const own = enforced?.ids?.mappedMounts;
  return checkPrivateIds(own, own === false ? lackOfPrivateIds(spec, baseDirectories()) : undefined);
}

async function tryContainer(): Promise<Trial> {
  const name = 'a container without options';
  let enforced: Enforced | undefined;
  try {
    await using container = await createContainer();
    ({ enforced } = container);
    const startedAt = performance.now();
    const { stdout } = await container.run('uname', ['-n']);
    const milliseconds = Math.round(performance.now() - startedAt);
    const detail = `ran in it as ${stdout.trim()} (${milliseconds} ms)`;
    return { check: { name, status: 'ok', detail }, enforced };
  } catch (error) {
    const hint = isContainervError(error) ? error.hint : undefined;
    const detail = isContainervError(error) ? error.summary : String(error);
    return {
      check: { name, status: 'missing', detail, ...(hint === undefined ? {} : { fix: hint }) },
      enforced,
    };
  }
}
