import { expect, test } from 'vitest';
import { resolveContainerOptions, type Sysctls } from '../../src/index.js';
import { expectInvalid } from '../invalid.js';

const resolve = (sysctls: unknown): unknown =>
  resolveContainerOptions({ sysctls: sysctls as Sysctls }).sysctls;

test.for([
  [{}, {}],
  [{ 'net.ipv4.ip_unprivileged_port_start': 0 }, { 'net.ipv4.ip_unprivileged_port_start': '0' }],
  [{ 'kernel.sem': '250\t32000\t100\t128' }, { 'kernel.sem': '250\t32000\t100\t128' }],
  [
    { 'fs.mqueue.msg_max': '10', 'kernel.shmmax': '1' },
    { 'fs.mqueue.msg_max': '10', 'kernel.shmmax': '1' },
  ],
] as const)('%j', ([given, resolved]) => {
  expect(resolve(given)).toEqual(resolved);
});

test.for([
  'kernel.core_pattern',
  'kernel.domainname',
  'kernel.msgmaxx',
  'vm.swappiness',
  'fs.file-max',
  'net',
  'net.',
  'net..ipv4',
  'net/ipv4/ip_forward',
  'net.../kernel.core_pattern',
  '../net.ipv4.x',
  'net.ipv4.x\n',
  '',
])('%s would change the host or is no parameter', (name) => {
  expectInvalid(() => resolve({ [name]: '1' }), 'which is not a parameter of a namespace');
});

test.for(['kernel.hostname', 'kernel.domainname'])('%s has an option of its own', (name) => {
  expectInvalid(() => resolve({ [name]: 'x' }), '`hostname` and `domainname`');
});

test.for([null, true, 1.5, 'a\nb', 'a\0', {}, ['1']])('value %j is refused', (value) => {
  expectInvalid(() => resolve({ 'net.a': value }), '`sysctls.net.a`');
});
