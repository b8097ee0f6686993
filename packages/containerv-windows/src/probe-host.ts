import { type HostCheck, type HostReport, isContainervError } from 'containerv-api';
import { explain, openHns } from 'containerv-hns';
import { enumerateQuery } from './documents/requests.js';
import { OWNER } from './documents/json.js';
import { openHcs } from './hcs/open-hcs.js';
import { type HostFacts, hostFacts } from './host-facts.js';
import { baseDirectories } from './state/directories.js';
import { BUILD } from './windows-host.js';

/** What works on this host, what is missing and how to fix it. Makes nothing. */
export async function probeHost(): Promise<HostReport> {
  const facts = hostFacts();
  const checks = [
    buildCheck(facts),
    await check('compute service', async () => (await openHcs()).hcs.library),
    await check('access', async () => {
      await (await openHcs()).hcs.enumerate(enumerateQuery(OWNER));
      return 'the Host Compute Service answers this user';
    }),
    await check('directories', async () => baseDirectories().state),
    await networkCheck(),
    schemaCheck(facts),
  ];
  return { usable: checks.every(({ status }) => status !== 'missing'), checks };
}

function buildCheck({ build }: HostFacts): HostCheck {
  if (build >= BUILD.rs3) return { name: 'build', status: 'ok', detail: String(build) };
  return {
    name: 'build',
    status: 'missing',
    detail: `${build}, and containers need ${BUILD.rs3} or newer`,
    fix: 'Windows 10 1709, Windows Server 2019, or anything after them.',
  };
}

function schemaCheck({ build }: HostFacts): HostCheck {
  if (build >= BUILD.rs5) return { name: 'schema v2', status: 'ok', detail: 'Linux containers can be told' };
  return {
    name: 'schema v2',
    status: 'degraded',
    detail: `build ${build} takes schema v1 only: no Linux containers`,
    fix: `Build ${BUILD.rs5} (Windows Server 2019) or newer.`,
  };
}

/** A host without networks has containers without one. */
async function networkCheck(): Promise<HostCheck> {
  const found = await check('networks', async () => {
    const networks = await (await openHns()).networks();
    const chosen = explain(networks).find(({ selected }) => selected);
    if (chosen !== undefined) return `${chosen.network.name} of ${networks.length}`;
    throw new Error('the Host Networking Service has none');
  });
  return found.status === 'missing' ? { ...found, status: 'degraded' } : found;
}

async function check(name: string, look: () => Promise<string>): Promise<HostCheck> {
  try {
    return { name, status: 'ok', detail: await look() };
  } catch (error) {
    const told = isContainervError(error) ? error : undefined;
    const detail = told?.summary ?? (error instanceof Error ? error.message : String(error));
    return { name, status: 'missing', detail, ...(told?.hint === undefined ? {} : { fix: told.hint }) };
  }
}
