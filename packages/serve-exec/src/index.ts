export { passedEnvironment } from './exec/environment.js';
export { nativeLauncherPath } from './native-launcher.js';
