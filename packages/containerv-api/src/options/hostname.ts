import { invalidOption } from '../option-check.js';

// __NEW_UTS_LEN: what sethostname(2) takes.
const MAX_LENGTH = 64;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** A host name by RFC 1123, at most 64 characters. Without one, the id with what a host name cannot hold replaced. */
export function resolveHostname(hostname: string | undefined, id: string): string {
  if (hostname === undefined) return fromId(id);
  if (
    typeof hostname === 'string' &&
    hostname.length <= MAX_LENGTH &&
    hostname.split('.').every((label) => LABEL.test(label))
  ) {
    return hostname;
  }
  throw invalidOption('hostname', 'a host name by RFC 1123 of at most 64 characters', hostname);
}

function fromId(id: string): string {
  return id
    .replaceAll('_', '-')
    .split('.')
    .map((label) => label.replaceAll(/^-+|-+$/g, ''))
    .filter((label) => label !== '')
    .join('.');
}
