export { quoteCommandLine } from './command-line.js';
export { buildComputeSystem } from './documents/build-compute-system.js';
export { buildProcessParameters } from './documents/build-process-parameters.js';
export { buildHostedContainer, utilityVmSetup } from './documents/hosted-container.js';
export type { Json, JsonObject } from './documents/json.js';
export { type LayerChain, type LayerChainOptions, resolveLayerChain } from './layers/layer-chain.js';
export type { LayerFileSystem } from './layers/layer-file-system.js';
export type { ContainerStorage, LayerReference, WindowsHost } from './windows-host.js';
