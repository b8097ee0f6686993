import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { ContainervError, type ContainerSpec, type ResolvedPrivateNetwork } from 'containerv-api';
import type { Native, StartedWorker } from '../native.js';
import type { SystemFailure } from '../system-error.js';
import { type Bridge, bridgeRemoval, ensureBridge, freshIndex, ipv6Of } from './bridge.js';
import { resolveEgress } from './egress.js';
import { enableForwarding, forwardsIpv6 } from './forwarding.js';
import { namesOf, ownHosts } from './hosts-file.js';
import { formatAddress } from './ip.js';
import { type Attachment, attachmentSetup } from './attachment-setup.js';
import { LOCK, portName, REGISTRY } from './names.js';
import { hostsPath, tellNeighbours, writeOwnHosts } from './neighbours.js';
import { asNetworkError, CREATE_INTERFACE } from './network-error.js';
import type { NetworkSetup } from './network-setup.js';
import type { PrivateNetwork } from './private-network.js';
import { orphanRemoval, portRemoval } from './port-removal.js';
import { refuseUnreachable } from './published-address.js';
import { resolvConf } from './resolv-conf.js';
import { candidates, capacity, describeSubnet, isHostAddress } from './subnet.js';
import { checkWithin, type WantedNetwork, wantedNetwork } from './wanted-network.js';

const EBUSY = 16;
const EEXIST = 17;
const EINVAL = 22;

/** A container's place on a bridge. */
export class NetworkAttachment implements PrivateNetwork {
  /** Names it for every program on the machine: other containers may have the same id. */
  readonly token: string = randomBytes(8).toString('hex');
  readonly #network: ResolvedPrivateNetwork;
  readonly #wanted: WantedNetwork;
  #native: Native | undefined;
  #attached: Attachment | undefined;
  #hosts = '';
  /** What the caller has to be told about the host. */
  readonly warnings: string[] = [];
  onLost: (what: string) => void = () => {};

  constructor(network: ResolvedPrivateNetwork) {
    this.#network = network;
    this.#wanted = wantedNetwork(network);
    refuseUnreachable(network.ports);
  }

  /** For the files that others write to; `undefined`: nobody else is on the bridge. */
  get directory(): string | undefined {
    return this.#wanted.kind === 'shared' ? path.join(REGISTRY, this.token) : undefined;
  }

  /** Makes the bridge if need be, and chooses an address. Leaves nothing behind when it rejects. */
  async prepare(native: Native, spec: ContainerSpec): Promise<NetworkSetup> {
    this.#native = native;
    const [egress, resolv] = await Promise.all([
      resolveEgress(this.#network.egress),
      resolvConf(this.#network.dns),
    ]);
    try {
      const bridge = await ensureBridge(native, this.#wanted);
      this.#attached = { bridge, v4: bridge.hostIp, v6: undefined, index: freshIndex() };
      checkWithin(this.#wanted, bridge.subnet, bridge.hostIp);
      if (this.#network.nat && enableForwarding()) this.warnings.push(FORWARDING_ENABLED);
      const v4 = this.#chooseAddress(native, bridge);
      const v6 = ipv6Of(bridge, v4);
      this.#attached = { ...this.#attached, v4, v6 };
      const addresses = [
        formatAddress(v4, 'inet'),
        ...(v6 === undefined ? [] : [formatAddress(v6, 'inet6')]),
      ];
      this.#hosts = ownHosts({ addresses, names: namesOf(spec) }, egress.names);
      return {
        ...attachmentSetup(spec, this.#network, this.#attached, {
          token: this.token,
          egress: egress.destinations,
          gateway: this.#wanted.gateway ?? bridge.hostIp,
          routesIpv6: forwardsIpv6(),
        }),
        resolvConf: resolv,
        hosts: this.#hosts,
        ...(this.directory === undefined ? {} : { hostsSource: hostsPath(this.token) }),
      };
    } catch (error) {
      await this.release();
      throw asNetworkError(error);
    }
  }

  /** The kernel connects it. */
  begun(_worker: StartedWorker): void {}

  /** The container runs: others on the bridge learn its name, and it theirs. */
  async announce(): Promise<void> {
    if (this.directory === undefined || this.#attached === undefined || this.#native === undefined) return;
    await writeOwnHosts(this.token, this.#hosts);
    await tellNeighbours(this.#native, this.#attached.bridge);
  }

  /** After a start that failed. @returns whether it is worth another try: somebody else was faster. */
  async failed({ step, errno }: SystemFailure): Promise<boolean> {
    await this.release();
    if (step === 'protect network') return errno === EEXIST;
    if (step !== CREATE_INTERFACE) return false;
    // The address, the index, or the bridge, which somebody removed before we were on it.
    return errno === EEXIST || errno === EBUSY || errno === EINVAL;
  }

  /** Takes the container off the network, with everything that was made for it. Does nothing when it is on none. */
  async release(): Promise<void> {
    const native = this.#native;
    const attached = this.#attached;
    this.#attached = undefined;
    if (attached === undefined || native === undefined) return;
    const { bridge, v4, index } = attached;
    const name = portName(v4);
    // An interface of that name with another index is another container's, as are its rules.
    const ours = native.interfaceIndex(name) === index;
    const port = ours ? portRemoval(name, index) : orphanRemoval(name);
    try {
      await native.netlink({ lock: LOCK, exclusive: true, exchanges: port });
      await native.netlink({
        lock: LOCK,
        exclusive: true,
        exchanges: bridgeRemoval(bridge.name, bridge.index),
      });
    } catch (error) {
      // Whoever asked for it may try again.
      this.#attached = attached;
      throw asNetworkError(error);
    }
    if (this.directory !== undefined) await tellNeighbours(native, bridge);
  }

  #chooseAddress(native: Native, { subnet, hostIp }: Bridge): bigint {
    const { containerIp, gateway } = this.#wanted;
    const isFree = (address: bigint): boolean =>
      address !== gateway && native.interfaceIndex(portName(address)) === 0;
    if (containerIp !== undefined) {
      if (isHostAddress(subnet, containerIp) && isFree(containerIp)) return containerIp;
      throw new ContainervError(
        'ERR_CONTAINERV_NETWORK',
        `The address ${formatAddress(containerIp, 'inet')} is another container's`,
        { step: 'choose address', hint: 'Leave `containerIp` out for one that is free.' },
      );
    }
    for (const address of candidates(subnet, hostIp, Math.random())) if (isFree(address)) return address;
    throw new ContainervError(
      'ERR_CONTAINERV_NETWORK',
      `All ${capacity(subnet)} addresses for containers in ${describeSubnet(subnet)} are taken`,
      { step: 'choose address', hint: 'Choose a larger `netmask`, or another `bridge`.' },
    );
  }
}

const FORWARDING_ENABLED =
  'Switched on IPv4 forwarding (net.ipv4.ip_forward), without which containers reach nothing beyond this host. It stays on; a firewall decides what else this host forwards.';
