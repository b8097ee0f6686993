import { type Channel, refusalError } from '../channel.js';
import type { Native } from '../native.js';
import { MessageType } from '../protocol.js';
import { WireWriter } from '../wire.js';

/**
 * A process of the container's side that opens and makes files for one transfer (`native/init/transfer_agent.h`), and
 * our connection to it. It ends when that is closed.
 */
export class TransferAgent implements Disposable {
  readonly socket: number;
  readonly #native: Native;

  private constructor(native: Native, socket: number) {
    this.#native = native;
    this.socket = socket;
  }

  static async start(native: Native, channel: Channel): Promise<TransferAgent> {
    const [ours, theirs] = native.socketPair();
    const agent = new TransferAgent(native, ours);
    try {
      await channel.call(
        (request) => new WireWriter(MessageType.Transfer, request),
        [theirs],
        () => native.close(theirs),
      );
      return agent;
    } catch (error) {
      agent[Symbol.dispose]();
      throw refusalError(error);
    }
  }

  /** Whoever waits for the agent, on any thread, is told that it is gone. */
  abandon(): void {
    this.#native.shutdown(this.socket);
  }

  /** Only when no work on the pool uses the socket any more. */
  [Symbol.dispose](): void {
    this.#native.close(this.socket);
  }
}
