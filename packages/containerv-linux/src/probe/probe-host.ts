import { release } from 'node:os';
import { type HostCheck, type HostReport, isContainervError } from 'containerv-api';
import { lackOfBpfLsm } from '../bpf-lsm/availability.js';
import { readHierarchies } from '../cgroup/hierarchy.js';
import { createContainer } from '../create-container.js';
import { type Native, native } from '../native.js';
import { listTables } from '../netlink/nft-table.js';
import { rulesExchange } from '../network/exchange.js';
import { findPasta } from '../network/pasta-program.js';
import { baseDirectories } from '../state/directories.js';
import { checkAppArmor } from './apparmor.js';
import { checkBpfLsm } from './bpf-lsm.js';
import {
  checkCgroup,
  checkKernel,
  checkLandlock,
  checkMemfd,
  checkNamespaces,
  checkOverlay,
  checkProc,
  checkSeccomp,
  checkUserNamespaces,
} from './checks.js';
import { subordinateIds } from '../ids/choose-ids.js';
import { checkNetwork } from './network-check.js';
import { hostFiles } from './host-files.js';
import { checkSubordinateIds } from './subordinate-check.js';

/** What works on this host, what is missing and how to fix it. Ends by really running a process in a container. */
export async function probeHost(): Promise<HostReport> {
  const addon = native();
  const trial = await tryContainer();
  const checks: HostCheck[] = [
    checkKernel(release(), (number) => addon.hasSystemCall(number)),
    checkNamespaces(hostFiles),
    checkUserNamespaces(hostFiles),
    checkSubordinateIds(hostFiles.uid === 0 ? undefined : subordinateIds()),
    checkSeccomp(hostFiles),
    checkLandlock(addon.landlockAbi()),
    checkAppArmor(hostFiles),
    checkBpfLsm(lackOfBpfLsm(addon)),
    checkOverlay(hostFiles, baseDirectories()),
    checkCgroup(hostFiles, readHierarchies()),
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

async function tryContainer(): Promise<HostCheck> {
  const name = 'a container without options';
  try {
    await using container = await createContainer();
    const startedAt = performance.now();
    const { stdout } = await container.run('uname', ['-n']);
    const milliseconds = Math.round(performance.now() - startedAt);
    return { name, status: 'ok', detail: `ran in it as ${stdout.trim()} (${milliseconds} ms)` };
  } catch (error) {
    const hint = isContainervError(error) ? error.hint : undefined;
    const detail = isContainervError(error) ? error.summary : String(error);
    return { name, status: 'missing', detail, ...(hint === undefined ? {} : { fix: hint }) };
  }
}
