import type { ContainerInfo, Enforced } from 'containerv-api';
import type { Command, Surroundings } from '../command.js';
import { json, table } from '../table.js';
import { findContainer } from './find-container.js';

export const inspect: Command = {
  name: 'inspect',
  summary: 'Show what a container is and what is enforced in it.',
  synopsis: '[options] ID',
  options: { json: { help: 'Print a JSON object.' } },
  operands: [1, 1],
  async run({ operands: [id = ''], switches }, { driver, stdout }) {
    const info = await findContainer(id, driver);
    const all = { ...info, enforced: await enforcedIn(info, driver) };
    stdout.write(switches.has('json') ? json(all) : table(rows(all)));
    return 0;
  },
};

/** `null` when nothing runs, because then nothing is in force either. */
async function enforcedIn(
  { id, state }: ContainerInfo,
  driver: Surroundings['driver'],
): Promise<Enforced | null> {
  if (state !== 'running' && state !== 'paused') return null;
  return (await driver.joinContainer(id)).enforced;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Names and values, those of inner objects indented below. */
function rows(value: object, indent = ''): string[][] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const title = `${indent}${name}`;
    if (Array.isArray(inner))
      return [[title, inner.length === 0 ? 'none' : inner.map((item) => shown(item)).join(' ')]];
    if (inner instanceof Date) return [[title, inner.toISOString()]];
    if (typeof inner === 'object' && inner !== null) return [[title], ...rows(inner, `${indent}  `)];
    if (inner === null) return [[title, '-']];
    return [[title, typeof inner === 'string' ? inner : JSON.stringify(inner)]];
  });
}
