import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { ContainervError } from 'containerv-api';
import { loadKoffi } from '../native/koffi.js';

/** Turns a pipe of a process into a stream. */
export type StreamOpener = (handle: bigint, direction: 'read' | 'write') => Socket;

let opener: Promise<StreamOpener> | undefined;

/**
 * Streams over the pipes that HCS gives. They are libuv's own: node.exe exports `uv_open_osfhandle`, which puts a handle
 * into its table of descriptors (that of another C runtime would not do), and a socket takes it from there.
 */
export async function streamOpener(): Promise<StreamOpener> {
  opener ??= load();
  return opener;
}

async function load(): Promise<StreamOpener> {
  const koffi = await loadKoffi();
  // The program itself.
  const openHandle = koffi.load(null).func('uv_open_osfhandle', 'int', ['void *']) as (
    handle: bigint,
  ) => number;
  return (handle, direction) => {
    const fd = openHandle(handle);
    if (fd < 0) {
      throw new ContainervError('ERR_CONTAINERV_SYSTEM', 'A pipe of the process cannot be opened', {
        step: 'start process',
        syscall: 'uv_open_osfhandle',
      });
    }
    try {
      const reads = direction === 'read';
      return new Socket({ fd, readable: reads, writable: !reads, allowHalfOpen: true });
    } catch (cause) {
      closeSync(fd);
      throw new ContainervError('ERR_CONTAINERV_SYSTEM', 'A pipe of the process cannot become a stream', {
        step: 'start process',
        cause,
      });
    }
  };
}
