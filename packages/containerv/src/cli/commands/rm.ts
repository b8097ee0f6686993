import { ContainervError, isContainervError } from 'containerv-api';
import type { Command, Surroundings } from '../command.js';
import { findContainer } from './find-container.js';

export const rm: Command = {
  name: 'rm',
  summary: 'Remove containers and everything of theirs.',
  synopsis: '[options] ID...',
  options: {
    force: { short: 'f', help: 'Also remove containers that run, and do not mind those that do not exist.' },
  },
  operands: [1, Infinity],
  async run({ operands, switches }, { driver, stdout }) {
    for (const id of operands) {
      if (await remove(id, switches.has('force'), driver)) stdout.write(`${id}\n`);
    }
    return 0;
  },
};

async function remove(id: string, force: boolean, driver: Surroundings['driver']): Promise<boolean> {
  try {
    const { state } = await findContainer(id, driver);
    if (!force && (state === 'running' || state === 'paused')) throw stillRunning(id, state);
    await (await driver.joinContainer(id)).destroy();
    return true;
  } catch (error) {
    if (force && isContainervError(error) && error.code === 'ERR_CONTAINERV_NOT_FOUND') return false;
    throw error;
  }
}

function stillRunning(id: string, state: string): ContainervError {
  return new ContainervError('ERR_CONTAINERV_STATE', `Container ${id} is ${state}`, {
    hint: `Stop it first (containerv stop ${id}), or use containerv rm --force.`,
  });
}
