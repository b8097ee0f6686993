import { PathOrigin } from '../protocol.js';
import { WireWriter } from '../wire.js';
import type { Ruleset } from './ruleset.js';

const ORIGINS = {
  base: PathOrigin.PathOfBase,
  named: PathOrigin.PathNamed,
  required: PathOrigin.PathRequired,
} as const;

/** As `native/init/landlock.cc` reads it, nested in a message as bytes; none at all for no ruleset. */
export function encodeRuleset(ruleset: Ruleset | undefined): Uint8Array {
  if (ruleset === undefined) return new Uint8Array();
  const { handledFs, handledNet, scoped, paths, ports } = ruleset;
  const writer = new WireWriter().u64(handledFs).u64(handledNet).u64(scoped);
  writer.list(paths, ({ path, rights, origin }) => writer.text(path).u64(rights).u32(ORIGINS[origin]));
  return writer.list(ports, ({ port, rights }) => writer.u64(port).u64(rights)).finish();
}
