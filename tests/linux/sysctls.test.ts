import { createContainer } from 'containerv-linux';
import { expect, test } from 'vitest';
import { failure } from '../support/failure.js';

const INVALID = 'ERR_CONTAINERV_INVALID_OPTION';

test.for([
  ['net.ipv4.ip_unprivileged_port_start', 80, '80'],
  ['net.ipv4.ip_unprivileged_port_start', '0x50', '80'],
  ['net.ipv4.ip_local_port_range', '20000  30001', '20000\t30001'],
  ['net.ipv4.ip_local_reserved_ports', '9001,8080,9000', '8080,9000-9001'],
  ['net.ipv4.ip_local_reserved_ports', '', ''],
] as const)('%s takes %j, and holds %j', async ([name, value, held]) => {
  await using container = await createContainer({ sysctls: { [name]: value } });
  const file = `/proc/sys/${name.replaceAll('.', '/')}`;
  const { stdout } = await container.run('cat', [file]);
  expect(stdout.trimEnd()).toBe(held);
});

test('a value that the kernel takes a part of is refused, and said to be', async () => {
  const sysctls = { 'net.ipv4.ip_default_ttl': 64, 'net.ipv4.tcp_retries1': '4 5' };
  await failure(createContainer({ sysctls }), {
    code: INVALID,
    step: 'read back sysctl',
    message: /net\.ipv4\.tcp_retries1` = '4 5' \(it is now '4'\)/,
    hint: /part of the value/,
  });
});

test('what can only be written is an order, and carried out', async () => {
  await using container = await createContainer({ sysctls: { 'net.ipv4.route.flush': 1 } });
  expect((await container.run('true')).exitCode).toBe(0);
});
