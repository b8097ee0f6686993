import type { ResolvedEgressRule } from 'containerv-api';
import { expect, test } from 'vitest';
import { resolveEgress } from '../../src/network/egress.js';

function rule(address: string, more: Partial<ResolvedEgressRule> = {}): ResolvedEgressRule {
  return {
    address,
    isHostName: /[a-z]\.[a-z]/.test(address),
    ports: undefined,
    protocol: undefined,
    ...more,
  };
}

const names: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', '93.184.215.14'],
  'inside.example': ['10.1.2.3'],
  'metadata.example': ['93.184.215.14', '169.254.169.254'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'compatible.example': ['::7f00:1'],
  'nat.example': ['64:ff9b::a01:203'],
  'sixtofour.example': ['2002:c0a8:0101::1'],
  'teredo.example': ['2001:0:1:2:3:4:5:6'],
  'stateless.example': ['::ffff:0:10.0.0.1'],
  'site.example': ['fec0::1'],
  'translated.example': ['64:ff9b::5db8:d70e', '2002:5db8:d70e::1'],
};
const asked: string[] = [];
async function resolve(name: string): Promise<readonly string[]> {
  asked.push(name);
  const found = names[name];
  if (found === undefined) throw new Error('ENOTFOUND');
  return found;
}

test('no list stays no list', async () => {
  expect(await resolveEgress(undefined, resolve)).toEqual({ destinations: undefined, names: [] });
  expect(await resolveEgress([], resolve)).toEqual({ destinations: [], names: [] });
});

test('a name becomes its addresses, each once, asked for once', async () => {
  asked.length = 0;
  const rules = [
    rule('public.example', { ports: [443] }),
    rule('192.0.2.0/24'),
    rule('public.example', { protocol: 'udp' }),
  ];
  const { destinations, names: pinned } = await resolveEgress(rules, resolve);
  expect(asked).toEqual(['public.example']);
  const [v4 = '', v6 = ''] = names['public.example'] ?? [];
  expect(destinations).toEqual([
    { address: v4, ports: [443], protocol: undefined },
    { address: v6, ports: [443], protocol: undefined },
    { address: '192.0.2.0/24', ports: undefined, protocol: undefined },
    { address: v4, ports: undefined, protocol: 'udp' },
    { address: v6, ports: undefined, protocol: 'udp' },
  ]);
  expect(pinned).toEqual([{ name: 'public.example', addresses: [v4, v6] }]);
});

test.for([
  'inside.example',
  'metadata.example',
  'mapped.example',
  'compatible.example',
  'nat.example',
  'sixtofour.example',
  'teredo.example',
  'stateless.example',
  'site.example',
])('%s opens no network that is not public', async (name) => {
  await expect(resolveEgress([rule(name)], resolve)).rejects.toMatchObject({
    code: 'ERR_CONTAINERV_NETWORK',
    hint: expect.stringContaining('list') as unknown,
  });
});

test('a public address stays one when it is translated on the way', async () => {
  const { names: pinned } = await resolveEgress([rule('translated.example')], resolve);
  expect(pinned).toEqual([
    { name: 'translated.example', addresses: ['64:ff9b::5db8:d70e', '2002:5db8:d70e::1'] },
  ]);
});

test('unless that is listed as well', async () => {
  await expect(resolveEgress([rule('inside.example'), rule('10.1.0.0/16')], resolve)).resolves.toBeDefined();
  await expect(resolveEgress([rule('inside.example'), rule('10.2.0.0/16')], resolve)).rejects.toThrow(
    /10\.1\.2\.3/,
  );
});

test('a name without an address is an error, with its cause', async () => {
  await expect(resolveEgress([rule('gone.example')], resolve)).rejects.toMatchObject({
    code: 'ERR_CONTAINERV_NETWORK',
    step: 'resolve host names',
    cause: expect.any(Error) as unknown,
  });
});
