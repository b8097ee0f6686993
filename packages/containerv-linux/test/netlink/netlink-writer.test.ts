import { expect, test } from 'vitest';
import {
  attributeText,
  attributeU32,
  readAttributes,
  readMessages,
} from '../../src/netlink/netlink-reader.js';
import { MessageFlag, NetlinkWriter } from '../../src/netlink/netlink-writer.js';
import { fc } from '../support/property.js';

test('a message is laid out as netlink(7) has it', () => {
  const writer = new NetlinkWriter().message(16, MessageFlag.Ack, (body) =>
    body.u8(2).u8(24).u16Be(10).attributeText(3, 'lo').attributeU32Be(0x101, 7),
  );
  const words = [
    '24000000', // length, with the header
    '10000500', // type; request and acknowledge
    '01000000', // number
    '00000000', // port: the kernel
    '0218000a', // the body
    '07000300', // an attribute of 4 + 3 bytes, type 3
    '6c6f0000', // with its NUL, and a byte up to the next multiple of four
    '08000101',
    '00000007', // network order
  ];
  expect(writer.finish().toString('hex')).toBe(words.join(''));
});

test('messages are numbered from 1', () => {
  const writer = new NetlinkWriter().message(1, 0, () => undefined).message(2, 0, () => undefined);
  expect(writer.sequence).toBe(2);
  expect([writer.finish().readUInt32LE(8), writer.finish().readUInt32LE(24)]).toEqual([1, 2]);
});

interface Tree {
  readonly type: number;
  readonly value: Uint8Array | readonly Tree[];
}

const { tree } = fc.letrec<{ tree: Tree; list: readonly Tree[] }>((tie) => ({
  tree: fc.record({
    type: fc.integer({ min: 0, max: 0x3fff }),
    value: fc.oneof({ depthSize: 'small' }, fc.uint8Array({ maxLength: 40 }), tie('list')),
  }),
  list: fc.uniqueArray(tie('tree'), { selector: ({ type }) => type, minLength: 1, maxLength: 6 }),
}));

function write(writer: NetlinkWriter, { type, value }: Tree): void {
  if (value instanceof Uint8Array) writer.attribute(type, value);
  else
    writer.nest(type, (nested) => {
      for (const each of value) write(nested, each);
    });
}

function check(bytes: Buffer | undefined, value: Tree['value']): void {
  if (value instanceof Uint8Array) {
    expect(bytes).toEqual(Buffer.from(value));
    return;
  }
  const attributes = readAttributes(bytes as Buffer);
  expect(new Set(attributes.keys())).toEqual(new Set(value.map(({ type }) => type)));
  for (const each of value) check(attributes.get(each.type), each.value);
}

test('whatever is written is read back', () => {
  const lists = fc.uniqueArray(tree, { selector: ({ type }) => type, maxLength: 8 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0x10, max: 0xffff }), lists), { maxLength: 5 }),
      (messages) => {
        const writer = new NetlinkWriter();
        for (const [type, attributes] of messages) {
          writer.message(type, 0, (body) => {
            for (const each of attributes) write(body, each);
          });
        }
        const read = readMessages(writer.finish());
        expect(read.map(({ type }) => type)).toEqual(messages.map(([type]) => type));
        for (const [at, [, attributes]] of messages.entries()) check(read[at]?.body, attributes);
      },
    ),
  );
});

test('what is cut off anywhere is an error, never half an answer', () => {
  const whole = new NetlinkWriter()
    .message(16, 0, (body) => body.u32(0).attributeText(3, 'eth0').attributeU32(4, 1500))
    .finish();
  for (let size = 1; size < whole.length; size++) {
    expect(() => readMessages(whole.subarray(0, size))).toThrow(RangeError);
  }
  const body = readMessages(whole)[0]?.body ?? Buffer.alloc(0);
  for (const size of [5, 6, 8, 12, 17]) {
    expect(() => readAttributes(body.subarray(0, size), 4)).toThrow(RangeError);
  }
});

test('random bytes end in messages or a RangeError, never in a loop', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const read of [readMessages, readAttributes]) {
        try {
          read(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    }),
  );
});

test('text ends at its NUL, and numbers need their bytes', () => {
  const attributes = readAttributes(
    new NetlinkWriter()
      .attributeText(1, 'a')
      .attribute(2, Buffer.from('b\0c'))
      .attribute(3, Buffer.from([1]))
      .finish(),
  );
  expect([1, 2, 9].map((type) => attributeText(attributes, type))).toEqual(['a', 'b', undefined]);
  expect(attributeU32(attributes, 3)).toBeUndefined();
});

test('an attribute that its length could not tell is refused', () => {
  expect(() => new NetlinkWriter().attribute(1, new Uint8Array(0x10000))).toThrow(RangeError);
  expect(() =>
    new NetlinkWriter().nest(1, (nested) => {
      for (let i = 0; i < 3; i++) nested.attribute(2, new Uint8Array(0x7000));
    }),
  ).toThrow(RangeError);
});
