import { lookup } from 'node:dns/promises';
import { ContainervError, type ResolvedEgressRule } from 'containerv-api';

/** All addresses of a host name. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

/**
 * Rules with addresses in place of host names: a name means the addresses that it has now.
 * @throws ContainervError `ERR_CONTAINERV_NETWORK` for a name without an address, rather than leave its rule out.
 */
export async function resolveEgress(
  rules: readonly ResolvedEgressRule[],
  resolve: ResolveName = resolveByHost,
): Promise<readonly ResolvedEgressRule[]> {
  const resolved = await Promise.all(
    rules.map(async (rule) => {
      if (!rule.isHostName) return [rule];
      return (await addressesOf(rule.address, resolve)).map((address) => ({
        ...rule,
        address,
        isHostName: false,
      }));
    }),
  );
  return resolved.flat();
}

async function addressesOf(name: string, resolve: ResolveName): Promise<readonly string[]> {
  let cause: unknown;
  try {
    const addresses = await resolve(name);
    if (addresses.length > 0) return addresses;
  } catch (error) {
    cause = error;
  }
  throw new ContainervError('ERR_CONTAINERV_NETWORK', `\`network.egress\`: '${name}' has no address`, {
    step: 'resolve name',
    hint: 'Is the name right, and can the host resolve it?',
    cause,
  });
}

async function resolveByHost(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
