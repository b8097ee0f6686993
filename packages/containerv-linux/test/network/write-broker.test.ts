import { expect, test } from 'vitest';
import type { BrokerRule } from '../../src/network/socket-broker.js';
import { writeBroker } from '../../src/network/write-broker.js';
import { WireReader, WireWriter } from '../../src/wire.js';

/** As `native/init/socket_rules.cc` does. */
function read(rules: readonly BrokerRule[]): unknown[] {
  const writer = new WireWriter();
  writeBroker(writer, { filter: Buffer.alloc(8, 1), pass: 5n, packets: true, rules });
  const reader = new WireReader(writer.finish());
  expect(reader.bytes()).toEqual(Buffer.alloc(8, 1));
  expect([reader.u64(), reader.u32(), reader.u32()]).toEqual([5, 1, rules.length]);
  return rules.map(() => ({
    family: reader.u32(),
    protocol: reader.u32(),
    operations: reader.u32(),
    name: reader.bytes().toString('latin1'),
    address: [...reader.bytes()],
    prefix: reader.u32(),
    ports: [...reader.bytes()],
  }));
}

test('local sockets: a path as it is, an abstract name after a NUL, none for every one', () => {
  const nothing = { address: [], prefix: 0, ports: [], protocol: 0, family: 1 };
  expect(
    read([
      { family: 'unix', allow: ['connect', 'listen'], path: '/run/x' },
      { family: 'unix', allow: ['bind'], path: '@ä' },
      { family: 'unix', allow: ['accept', 'send'] },
    ]),
  ).toEqual([
    { ...nothing, operations: 5, name: '/run/x' },
    { ...nothing, operations: 2, name: '\0\xc3\xa4' },
    { ...nothing, operations: 24, name: '' },
  ]);
});

test('addresses in network order, ports as first and last; every one where none is named', () => {
  expect(
    read([
      { family: 'inet', protocol: 'udp', allow: ['send'], address: '10.1.0.0/16', ports: [[53, 258]] },
      { family: 'inet6', allow: ['bind'] },
    ]),
  ).toEqual([
    {
      family: 2,
      protocol: 17,
      operations: 16,
      name: '',
      address: [10, 1, 0, 0],
      prefix: 16,
      ports: [53, 0, 0, 0, 2, 1, 0, 0],
    },
    {
      family: 10,
      protocol: 0,
      operations: 2,
      name: '',
      address: Array.from({ length: 16 }, () => 0),
      prefix: 0,
      ports: [0, 0, 0, 0, 255, 255, 0, 0],
    },
  ]);
});

test('no rules are no filter', () => {
  const writer = new WireWriter();
  writeBroker(writer, undefined);
  expect(writer.finish()).toEqual(Buffer.alloc(4 + 8 + 4 + 4));
});
