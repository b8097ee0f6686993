import { abortError, ContainervError, type ContainerSpec, type ResolvedPrivateNetwork } from 'containerv-api';
import { Channel, readFailure } from '../channel.js';
import { encodeFileSteps } from '../file-steps.js';
import type { Native, StartedWorker } from '../native.js';
import { listAddresses } from '../netlink/route-messages.js';
import { readAddresses } from '../netlink/route-replies.js';
import { MessageType, WorkKind } from '../protocol.js';
import type { SystemFailure } from '../system-error.js';
import { WireWriter } from '../wire.js';
import { claimOf } from './attachment-setup.js';
import { resolveEgress } from './egress.js';
import { routeExchange } from './exchange.js';
import { namesOf, ownHosts } from './hosts-file.js';
import { addressFrom, type AddressRange, parseRange } from './ip.js';
import { asNetworkError } from './network-error.js';
import { type NetworkSetup, ownRules } from './network-setup.js';
import { findPasta } from './pasta-program.js';
import type { PrivateNetwork } from './private-network.js';
import { resolvConf, withoutServers } from './resolv-conf.js';
import { FORWARDED_DNS, pastaArguments, refuseWhatTakesRoot } from './user-network-options.js';

const REQUEST = 1;
const STEP = 'connect network';
const LONGEST_MS = 30_000;
/** For the container's own name, as Debian has it: of an address there may be none before others are up. */
const OWN_ADDRESS = '127.0.1.1';
/** Whatever is sent there is for the host's own programs, were it ever to leave the container. */
const LOOPBACK = ['127.0.0.0/8', '::1', '::ffff:0:0/96'];

/**
 * A network for containers of users without privileges: pasta(1), a program of the host and of that user, opens a
 * connection on the host's network for each that the container opens (`native/init/user_network.h`).
 */
export class UserNetwork implements PrivateNetwork {
  readonly token = null;
  readonly directory = undefined;
  readonly warnings: readonly string[] = [];
  onLost: (what: string) => void = () => {};
  readonly #network: ResolvedPrivateNetwork;
  #native: Native | undefined;
  #signal: AbortSignal | undefined;
  #worker: StartedWorker | undefined;
  #channel: Channel | undefined;

  constructor(network: ResolvedPrivateNetwork) {
    refuseWhatTakesRoot(network);
    this.#network = network;
  }

  async prepare(native: Native, spec: ContainerSpec): Promise<NetworkSetup> {
    this.#native = native;
    this.#signal = spec.signal;
    const program = requirePasta();
    const { dns, egress: rules } = this.#network;
    const [egress, servers] = await Promise.all([resolveEgress(rules), resolvConf(dns)]);
    const forwardDns = servers === withoutServers;
    const command = [program, ...pastaArguments(this.#network, forwardDns)];
    try {
      return {
        inside: ownRules(spec, egress.destinations, await ownAddresses(native)),
        outside: { lock: '', exclusive: false, exchanges: [] },
        ports: this.#network.ports.map(claimOf),
        resolvConf: forwardDns ? `nameserver ${FORWARDED_DNS}\n` : servers,
        hosts: ownHosts({ addresses: [OWN_ADDRESS], names: namesOf(spec) }, egress.names),
        connect: connectMessage(command),
      };
    } catch (error) {
      throw asNetworkError(error);
    }
  }

  begun(worker: StartedWorker): void {
    this.#worker = worker;
    this.#channel = new Channel(this.#native as Native, worker.socket);
  }

  async announce(): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) throw new ContainervError('ERR_CONTAINERV_STATE', 'No network was begun');
    await connected(channel, this.#signal);
    channel.onLost = () =>
      this.onLost('The network of the container is gone: the program that connected it has ended (pasta)');
  }

  async failed(): Promise<boolean> {
    await this.release();
    return false;
  }

  async release(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined || this.#native === undefined) return;
    this.#channel?.close();
    this.#channel = undefined;
    if (worker.pidfd >= 0) this.#native.close(worker.pidfd);
    // It ends by itself, after init.
    await this.#native.reap(worker.pid, encodeFileSteps([]), encodeFileSteps([]));
  }
}

/** @throws ContainervError `ERR_CONTAINERV_UNSUPPORTED` */
export function requirePasta(found: ReturnType<typeof findPasta> = findPasta()): string {
  if ('program' in found) return found.program;
  const { what, fix } = found.lack;
  throw new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    `Without root, a private network takes pasta, and ${what}`,
    {
      step: 'check options',
      hint: `${fix}   (or run as root; or network: 'none'; or network: 'host' with rules for ports in the policy)`,
    },
  );
}

function connectMessage(command: readonly string[]): Buffer {
  const writer = new WireWriter(MessageType.Work, REQUEST).u32(WorkKind.ConnectNetwork).u32(0);
  writer.list(command, (word) => writer.text(word));
  return writer.finish();
}

/** The host's, which pasta would reach as any program of the host does. */
async function ownAddresses(native: Native): Promise<AddressRange[]> {
  const exchanges = [routeExchange('look at networks', listAddresses)];
  const [addresses] = await native.netlink({ lock: '', exclusive: false, exchanges });
  const own = readAddresses(addresses?.replies ?? Buffer.alloc(0)).map(
    ({ bytes }): AddressRange => ({
      family: bytes.length === 4 ? 'inet' : 'inet6',
      address: addressFrom(bytes),
      prefixLength: bytes.length * 8,
    }),
  );
  return [...LOOPBACK.map(parseRange), ...own];
}

async function connected(channel: Channel, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      channel.forget(REQUEST);
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => finish(() => reject(abortError(signal as AbortSignal, 'start container')));
    const timer = setTimeout(
      () => finish(() => reject(pastaError(`no answer in ${LONGEST_MS / 1000} seconds`))),
      LONGEST_MS,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) {
      onAbort();
      return;
    }
    channel.expect(REQUEST, (reply) => {
      if (reply instanceof ContainervError) finish(() => reject(pastaError('it ended')));
      else if (reply.type === MessageType.Failed) {
        const failure = readFailure(reply.reader);
        finish(() => reject(connectError(failure)));
      } else finish(resolve);
    });
  });
}

/** What pasta said comes as the failure's detail. */
export function connectError({ syscall, detail = '' }: SystemFailure): ContainervError {
  const said = detail.replaceAll(/Failed to send \d+ bytes to syslog\n?/g, '').trim();
  return pastaError(said === '' ? `${syscall} failed` : said);
}

function pastaError(said: string): ContainervError {
  const port = /bind/i.test(said)
    ? 'A published port may be in use (see: ss -lntup), or below 1024, which takes root.'
    : /routable|interface/i.test(said)
      ? 'The host needs a default route for a container to reach anything. See: ip route'
      : 'See: containerv doctor';
  return new ContainervError('ERR_CONTAINERV_NETWORK', `pasta could not connect the container: ${said}`, {
    step: STEP,
    hint: port,
  });
}
