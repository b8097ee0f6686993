import type { HostCheck } from 'containerv-api';
import type { HostFiles } from './host-files.js';

/** The first is asked where several security modules are stacked (Linux 5.1), the second has what the first of them says. */
const CURRENT = ['/proc/self/attr/apparmor/current', '/proc/self/attr/current'] as const;

/** Whether a profile confines this program, and so everything that it starts, whatever the kernel otherwise permits. */
export function checkAppArmor(host: HostFiles): HostCheck {
  const name = 'AppArmor';
  if (host.read('/sys/module/apparmor/parameters/enabled')?.trim() !== 'Y')
    return { name, status: 'ok', detail: 'not active' };
  const current = CURRENT.map((file) => host.read(file)?.replace(/\0$/, '').trim()).find(Boolean);
  const [, profile, mode] = /^(.+) \((\w+)\)$/.exec(current ?? '') ?? [];
  if (profile === undefined || mode === 'complain' || mode === 'unconfined')
    return { name, status: 'ok', detail: 'this program is not confined' };
  return {
    name,
    status: 'degraded',
    detail: `The profile '${profile}' confines this program: mounts and namespaces may be refused.`,
    fix: profile.startsWith('docker-')
      ? 'Start the surrounding container without it: docker run --security-opt apparmor=unconfined'
      : `sudo aa-complain '${profile}'   (or let the profile permit userns, mount, pivot_root and capability)`,
  };
}
