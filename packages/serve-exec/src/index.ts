export { passedEnvironment } from './exec/environment.js';
export { nativeLauncherPath } from './native-launcher.js';
export { type InstalledWrapper, listWrappers, removeWrappers } from './wrappers/installed-wrappers.js';
export type { WrapperFormat, WrapperOptions, WrapperSpec } from './wrappers/wrapper-options.js';
export { writeWrappers } from './wrappers/write-wrappers.js';
