import type { EndpointSettings } from '../endpoint-settings.js';
import type { InsideField } from '../outcome.js';

/** A command for the inside of a container, as an argument list that nothing splits or expands again. */
export type Argv = readonly [string, ...string[]];

/** Who may change a container's network: beyond these, an image's user usually may not. */
export const ADMINISTRATOR = { windows: 'ContainerAdministrator', linux: 'root' } as const;

/** What is configured, and on which adapter. */
export interface InsideTask {
  readonly field: InsideField;
  readonly settings: EndpointSettings;
  /** Of the adapter; `undefined`: the only one that is connected. */
  readonly mac: string | undefined;
}
