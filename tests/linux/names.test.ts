import { readFileSync } from 'node:fs';
import { createContainer } from 'containerv-linux';
import { expect, test } from 'vitest';
import { json, small } from '../support/container.js';
import { failure } from '../support/failure.js';

const hostDomain = (): string => readFileSync('/proc/sys/kernel/domainname', 'utf8');

test('host name and domain name are the container’s own', async () => {
  const before = hostDomain();
  await using container = await small({ hostname: 'box-1.example', domainname: 'nis.example' });
  expect(await json(container, 'names')).toEqual({ host: 'box-1.example', domain: 'nis.example' });
  expect(hostDomain()).toBe(before);
});

test('without its own namespace, neither can be set', async () => {
  for (const name of ['hostname', 'domainname']) {
    await failure(createContainer({ [name]: 'x', namespaces: { uts: false } }), {
      code: 'ERR_CONTAINERV_INVALID_OPTION',
      message: new RegExp(`\`${name}\` needs a UTS namespace`),
    });
  }
});
