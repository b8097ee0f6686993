import { abortError, ContainervError } from 'containerv-api';
import { Channel, readFailure } from '../channel.js';
import { type IdMaps, NO_MAPS } from '../ids/id-maps.js';
import { initExecutable } from '../init-executable.js';
import { encodeFileSteps } from '../file-steps.js';
import type { Native } from '../native.js';
import { MessageType } from '../protocol.js';
import { systemError } from '../system-error.js';
import { WireWriter } from '../wire.js';

const SIGKILL = 9;
const REQUEST = 1;
/** `kMaxDescriptors` of protocol.h, of one message. */
const MAX_DESCRIPTORS = 64;

/** Work on a container's files that is long, or that only the owner of its ids can do (`native/init/worker.h`). */
export interface Work {
  readonly kind: number;
  /** `undefined`: as who we are. */
  readonly maps: IdMaps | undefined;
  /** What follows in the message. */
  readonly write?: (writer: WireWriter) => void;
  readonly fds: readonly number[];
  /** Those that come behind the message, any number of them. */
  readonly more?: readonly number[];
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/** Has a process of its own do it. @throws ContainervError with the step and path that failed */
export async function doWork(native: Native, work: Work): Promise<void> {
  const { maps, signal } = work;
  const executable = await initExecutable(native);
  const { pid, pidfd, socket } = await native.startWorker({ executable, ...(maps ?? NO_MAPS) });
  const channel = new Channel(native, socket);
  const end = (): void => void native.signal(pid, pidfd, SIGKILL);
  try {
    signal?.addEventListener('abort', end, { once: true });
    await answer(channel, work);
  } catch (error) {
    throw signal?.aborted === true ? abortError(signal, work.what) : error;
  } finally {
    signal?.removeEventListener('abort', end);
    end();
    channel.close();
    if (pidfd >= 0) native.close(pidfd);
    await native.reap(pid, encodeFileSteps([]), encodeFileSteps([]));
  }
}

async function answer(channel: Channel, { kind, maps, write, fds, more = [], what }: Work): Promise<void> {
  return new Promise((resolve, reject) => {
    channel.expect(REQUEST, (reply) => {
      channel.forget(REQUEST);
      if (reply instanceof ContainervError)
        reject(
          new ContainervError(
            'ERR_CONTAINERV_PROTOCOL',
            `Cannot ${what}: the process that was to do it is gone`,
            { step: what },
          ),
        );
      else if (reply.type === MessageType.Failed)
        reject(systemError(readFailure(reply.reader), { what: `Cannot ${what}:` }));
      else resolve();
    });
    const writer = new WireWriter(MessageType.Work, REQUEST).u32(kind).u32(maps === undefined ? 0 : 1);
    write?.(writer);
    channel.send(writer.finish(), fds);
    for (let sent = 0; sent < more.length; sent += MAX_DESCRIPTORS)
      channel.send(
        new WireWriter(MessageType.More, REQUEST).finish(),
        more.slice(sent, sent + MAX_DESCRIPTORS),
      );
  });
}
