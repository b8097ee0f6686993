import type { ContainerSpec, ResolvedPrivateNetwork } from 'containerv-api';
import type { Native, StartedWorker } from '../native.js';
import type { SystemFailure } from '../system-error.js';
import { NetworkAttachment } from './network-attachment.js';
import type { NetworkSetup } from './network-setup.js';
import { UserNetwork } from './user-network.js';

/** How a container comes to a network of its own, anew with every start. */
export interface PrivateNetwork {
  /** Names it for every program on the machine; `null`: the machine has nothing of it but processes. */
  readonly token: string | null;
  /** For the files that others write to; `undefined`: there are none. */
  readonly directory: string | undefined;
  /** What the caller has to be told about the host. */
  readonly warnings: readonly string[];
  /** Told when a connection is lost while the container runs. */
  onLost: (what: string) => void;
  /** Leaves nothing behind when it rejects. */
  prepare(native: Native, spec: ContainerSpec): Promise<NetworkSetup>;
  /** The worker that `connect` of the setup asked for is there. */
  begun(worker: StartedWorker): void;
  /** The container's init is ready: settles when its network is. */
  announce(): Promise<void>;
  /** After a start that failed. @returns whether it is worth another try */
  failed(failure: SystemFailure): Promise<boolean>;
  /** Takes the container, whose init is ending, off the network. Does nothing when it is on none. */
  release(): Promise<void>;
}

/** Bridges take root. Anybody else has a program of their own between the container and the host's network. */
export function privateNetwork(network: ResolvedPrivateNetwork): PrivateNetwork {
  return process.getuid?.() === 0 ? new NetworkAttachment(network) : new UserNetwork(network);
}
