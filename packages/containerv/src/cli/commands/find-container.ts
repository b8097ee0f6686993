import { type ContainerInfo, ContainervError } from 'containerv-api';
import type { Surroundings } from '../command.js';
import { suggestion } from '../suggestion.js';

/** The container of this id. @throws ContainervError `ERR_CONTAINERV_NOT_FOUND`, with the nearest id. */
export async function findContainer(id: string, driver: Surroundings['driver']): Promise<ContainerInfo> {
  const containers = await driver.listContainers();
  const found = containers.find((container) => container.id === id);
  if (found !== undefined) return found;
  const meant = suggestion(
    id,
    containers.map((container) => container.id),
  );
  throw new ContainervError('ERR_CONTAINERV_NOT_FOUND', `There is no container ${id}.${meant}`, {
    hint: 'containerv ps lists the containers.',
  });
}
