import { type ContainerPool, makePool, type PoolOptions } from 'containerv-api';
import { createContainer } from './create-container.js';

/**
 * Makes containers ahead and resolves once `size` of them are ready.
 * @throws ContainervError as `createContainer`; then nothing is left.
 */
export async function createPool(options: PoolOptions): Promise<ContainerPool> {
  return makePool(createContainer, options);
}
