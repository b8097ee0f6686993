import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Container } from 'containerv-linux';
import { containerGroups } from './host-snapshot.mjs';

/** What the first of these files says that a control group of the container has. */
export function held({ id }: Pick<Container, 'id'>, ...files: readonly string[]): string {
  const groups = containerGroups().filter((group) => group.endsWith(`/${id}`));
  for (const file of files.flatMap((name) => groups.map((group) => path.join(group, name)))) {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch {
      // Of another controller, or of the other version.
    }
  }
  throw new Error(`${id} has none of ${files.join(', ')}`);
}

/** The numbers of a disk of the host, as control groups want them. */
export function blockDevice(): string | undefined {
  const disk = /^ *(\d+) +(\d+) +\d+ (?:[vsx]d[a-z]|nvme\dn\d)$/m;
  const [, major, minor] = disk.exec(readFileSync('/proc/partitions', 'utf8')) ?? [];
  return minor === undefined ? undefined : `${major}:${minor}`;
}

/** Processor time that the host's own counters say the container has used. */
export function cpuTimeMs(container: Container): number {
  const text = held(container, 'cpuacct.usage', 'cpu.stat');
  const [, us] = /^usage_usec (\d+)$/m.exec(text) ?? [];
  return us === undefined ? Number(text) / 1e6 : Number(us) / 1000;
}
