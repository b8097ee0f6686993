import type { ContainerProcess } from 'containerv-linux';
import type { Readable, Writable } from 'node:stream';

/** All that comes out of a stream. */
export async function bytesOf(stream: Readable | Writable | null): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function textOf(stream: Readable | Writable | null): Promise<string> {
  return (await bytesOf(stream)).toString();
}

/** Waits until the process has written that text to stdout; reads no further than what came with it. */
export async function untilSaid(process: ContainerProcess, text: string): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      said += chunk.toString();
      if (!said.includes(text)) return;
      process.stdout?.off('data', onData);
      resolve();
    };
    process.stdout?.on('data', onData);
    process.stdout?.once('end', () => reject(new Error(`said only: ${said}`)));
  });
}
