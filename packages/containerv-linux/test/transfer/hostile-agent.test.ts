// What a transfer agent says that somebody in the container has taken over: it decides names, kinds and order, and never
// where anything is written, how many descriptors we hold, or whether we come to an end.
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Native, nativeDirectory, type TransferCounts } from '../../src/native.js';
import { WireWriter } from '../../src/wire.js';
import { fc } from '../support/property.js';

// What runs here is the source; the addon was built beside the package's.
const built = nativeDirectory().replace(`${path.sep}src${path.sep}`, `${path.sep}dist${path.sep}`);
const addon = createRequire(import.meta.url)(path.join(built, 'containerv.node')) as Native;

// native/common/transfer/messages.h
const HELLO = 1;
const RECORDS = 4;
const FILE = 10;
const END = 11;
const ENTER = 1;
const LEAVE = 2;
const SMALL = 3;
const LINK = 4;
const FAILED = 5;

interface Datagram {
  readonly message: Buffer;
  /** How many descriptors come along. */
  readonly descriptors: number;
}

let base = '';
beforeEach(() => {
  base = mkdtempSync(path.join(tmpdir(), 'containerv-agent-'));
});
afterEach(() => {
  open(base);
  rmSync(base, { recursive: true, force: true });
});

/** Whatever modes the agent gave: only root removes what nobody may look into. */
function open(directory: string): void {
  chmodSync(directory, 0o700);
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) open(path.join(directory, entry.name));
}

const hello: Datagram = {
  message: new WireWriter().u32(HELLO).text('0 0 4294967295\n').text('0 0 4294967295\n').finish(),
  descriptors: 0,
};

function metadata(writer: WireWriter, size = 3): WireWriter {
  return writer.u32(0o104_755).u32(0).u32(0).u64(size).u64(1).u32(0).u64(1).u32(0);
}

/** What no agent says: our side gives up, whatever it waits for. */
const nonsense: Datagram = { message: new WireWriter().u32(99).finish(), descriptors: 0 };

/** Has our side download to `target` what an agent says. */
async function downloadFrom(datagrams: readonly Datagram[], target: string): Promise<TransferCounts> {
  const [ours, theirs] = addon.socketPair();
  const passed = openSync('/dev/null', 'r');
  try {
    for (const { message, descriptors } of [...datagrams, nonsense])
      addon.send(
        theirs,
        message,
        Array.from({ length: descriptors }, () => passed),
      );
    const trees = [{ from: '/x', to: target, follow: false }];
    return await addon.downloadTrees(ours, trees, 'none', new BigUint64Array(3));
  } finally {
    closeSync(passed);
    addon.close(ours);
    addon.close(theirs);
  }
}

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

test.for([0, 1, 2, 3, 64])('%i descriptors beside a file leave none with us', async (descriptors) => {
  const before = openDescriptors();
  const writer = new WireWriter().u32(FILE).text('');
  const file = { message: metadata(writer).bytes(Buffer.alloc(0)).finish(), descriptors };
  const { ended } = await downloadFrom([hello, file], path.join(base, 'target'));
  expect(ended).toBe('gone');
  expect(openDescriptors()).toBe(before);
});

const name = fc.oneof(
  fc.constantFrom('', '.', '..', '../up', '/abs', 'a/b', 'a', 'b', 'a', '../../decoy/file', 'x'.repeat(300)),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\0', '')),
);

const none = new Uint8Array();
const blob = fc.uint8Array({ maxLength: 20 });

const record = fc.oneof(
  name.map((text) => (writer: WireWriter) => metadata(writer.u32(ENTER).text(text))),
  fc.constant((writer: WireWriter) => metadata(writer.u32(LEAVE)).bytes(Buffer.alloc(0))),
  fc.tuple(name, fc.oneof({ weight: 8, arbitrary: fc.constant(none) }, blob), blob).map(
    ([text, attributes, content]) =>
      (writer: WireWriter) =>
        metadata(writer.u32(SMALL).text(text)).bytes(attributes).bytes(content),
  ),
  fc.tuple(name, name).map(
    ([text, target]) =>
      (writer: WireWriter) =>
        metadata(writer.u32(LINK).text(text)).text(target),
  ),
  name.map((text) => (writer: WireWriter) => writer.u32(FAILED).text(text).u32(5).text('open')),
  fc.integer({ min: 0, max: 9 }).map((kind) => (writer: WireWriter) => writer.u32(kind)),
);

const datagram: fc.Arbitrary<Datagram> = fc.oneof(
  { weight: 6, arbitrary: fc.array(record, { maxLength: 12 }).map((records) => tree(records)) },
  {
    weight: 2,
    arbitrary: fc.tuple(name, fc.integer({ min: 0, max: 3 })).map(([text, descriptors]) => ({
      message: metadata(new WireWriter().u32(FILE).text(text)).bytes(Buffer.alloc(0)).finish(),
      descriptors,
    })),
  },
  fc.constant({ message: new WireWriter().u32(END).finish(), descriptors: 0 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.integer({ min: 0, max: 3 }))
    .map(([bytes, descriptors]) => ({ message: Buffer.from(bytes), descriptors })),
);

function tree(records: readonly ((writer: WireWriter) => WireWriter)[]): Datagram {
  const writer = new WireWriter().u32(RECORDS);
  for (const write of records) write(writer);
  return { message: writer.finish(), descriptors: 0 };
}

/** As an agent begins, so that what follows is listened to; or not. */
const opening = fc.oneof(
  { weight: 6, arbitrary: fc.constant([hello, tree([(writer) => metadata(writer.u32(ENTER).text(''))])]) },
  { weight: 3, arbitrary: fc.constant([hello]) },
  { weight: 1, arbitrary: fc.constant([]) },
);

test('whatever it says, nothing is written beside the target, and everything comes to an end', async () => {
  const decoy = path.join(base, 'decoy');
  mkdirSync(decoy);
  writeFileSync(path.join(decoy, 'file'), 'of the host');
  const before = openDescriptors();
  await fc.assert(
    fc.asyncProperty(fc.array(datagram, { maxLength: 8 }), opening, async (datagrams, first) => {
      const place = mkdtempSync(path.join(base, 'to-'));
      const { ended } = await downloadFrom([...first, ...datagrams], path.join(place, 'target'));
      expect(['', 'gone']).toContain(ended);
      expect(readdirSync(place).filter((entry) => entry !== 'target')).toEqual([]);
      expect(readdirSync(base).filter((entry) => !entry.startsWith('to-'))).toEqual(['decoy']);
      expect(readdirSync(decoy)).toEqual(['file']);
      expect(openDescriptors()).toBe(before);
    }),
    { numRuns: 400 },
  );
});
