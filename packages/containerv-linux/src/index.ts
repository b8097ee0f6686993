export { createContainer } from './create-container.js';
export { joinContainer } from './join-container.js';
export { listContainers } from './list-containers.js';
export { pruneContainers } from './prune-containers.js';
