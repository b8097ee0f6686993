import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';

const library = koffi.load(String.raw`C:\windows\System32\fakehcs.dll`);
const injectFunction = library.func('FakeInject', 'int', ['str16']) as (text: string) => number;
const openHandles = library.func('FakeOpenHandles', 'int', []) as () => number;
const held = library.func('FakeHeld', 'int', []) as () => number;
const release = library.func('FakeRelease', 'void', []) as () => void;
const reportFunction = library.func('FakeReport', 'int', ['void *', 'int']) as unknown as {
  async(buffer: Buffer, size: number, done: (error: unknown, result: number) => void): void;
};

/** One wish for the next calls of a function: see control.cc. */
export interface Fault {
  readonly function: string;
  readonly times?: number;
  readonly skip?: number;
  readonly hresult?: number;
  readonly document?: string;
  readonly at?: 'submission' | 'completion';
  readonly delayMs?: number;
  /** Where it stands still until {@link letGo}. */
  readonly hold?: 'call' | 'return' | 'completion';
  readonly completionDelayMs?: number;
  readonly lost?: boolean;
  readonly synchronous?: boolean;
  readonly garbage?: boolean;
}

export interface Report {
  /** What the real service would not have forgiven. */
  readonly violations: readonly string[];
  /** Open handles by kind. */
  readonly handles: Readonly<Record<string, number>>;
  /** Strings that nobody has freed. */
  readonly strings: number;
  /** Compute systems that were still there. */
  readonly systems: readonly string[];
  /** Scratch layers that were still there. */
  readonly layers: readonly string[];
  /** Virtual disks that were still attached. */
  readonly disks: readonly string[];
}

export const NOTHING_LEFT: Report = {
  violations: [],
  handles: {},
  strings: 0,
  systems: [],
  layers: [],
  disks: [],
};

export function inject(fault: Fault): void {
  if (injectFunction(JSON.stringify(fault)) !== 1) throw new Error('The fake did not understand a fault');
}

/** Of everything since the last one, which ends it. Asynchronous, since it waits for callbacks into this thread. */
export async function report(): Promise<Report> {
  const buffer = Buffer.alloc(1 << 20);
  const good = await new Promise<number>((resolve, reject) => {
    reportFunction.async(buffer, buffer.length, (error, result) => (error ? reject(error) : resolve(result)));
  });
  if (good !== 1) throw new Error('The report of the fake is too long');
  return JSON.parse(buffer.toString('utf8', 0, buffer.indexOf(0))) as Report;
}

/** Until the service stands still where a fault has it. */
export async function standsStill(): Promise<void> {
  await until(() => held() > 0, 'Nothing stands still');
}

/** Lets everything go on that stands still, once something does. */
export async function letGo(): Promise<void> {
  await standsStill();
  release();
}

/** Until what was given up while the service still worked on it is closed. */
export async function handlesClosed(): Promise<void> {
  await until(() => openHandles() === 0, 'Handles stay open');
}

async function until(met: () => boolean, otherwise: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!met()) {
    if (Date.now() > deadline) throw new Error(otherwise);
    await sleep(5);
  }
}

/** Two layers with what the fake, and the driver, look for in them. */
export function makeImage(): {
  readonly folder: string;
  readonly base: string;
  readonly top: string;
  remove(): void;
} {
  const folder = mkdtempSync(path.join(tmpdir(), 'containerv-image-'));
  const base = path.join(folder, 'base');
  const top = path.join(folder, 'top');
  for (const layer of [base, top]) mkdirSync(path.join(layer, 'Files'), { recursive: true });
  mkdirSync(path.join(base, 'UtilityVM', 'Files'), { recursive: true });
  writeFileSync(path.join(base, 'UtilityVM', 'SystemTemplate.vhdx'), 'template');
  writeFileSync(path.join(top, 'layerchain.json'), JSON.stringify([base]));
  return { folder, base, top, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The program that runs in containers of the fake. */
export const GUEST: string = process.env['FAKE_HCS_GUEST'] ?? '';

/** Waits for the promise's rejection, and gives its reason. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('It did not reject');
}
