import { invalidOption } from '../option-check.js';

// __NEW_UTS_LEN: what sethostname(2) takes.
const MAX_LENGTH = 64;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** A host name by RFC 1123, at most 64 characters. Without one, the id with what a host name cannot hold replaced. */
export function resolveHostname(hostname: string | undefined, id: string): string {
  return hostname === undefined ? fromId(id) : checkName(hostname, 'hostname', 'host');
}

/** The name of an NIS domain, by the rules of host names; `''`: none is set. */
export function resolveDomainname(domainname: string | undefined): string {
  return domainname === undefined ? '' : checkName(domainname, 'domainname', 'domain');
}

function checkName(name: string, option: string, kind: string): string {
  if (
    typeof name === 'string' &&
    name.length <= MAX_LENGTH &&
    name.split('.').every((label) => LABEL.test(label))
  ) {
    return name;
  }
  throw invalidOption(option, `a ${kind} name by RFC 1123 of at most 64 characters`, name);
}

function fromId(id: string): string {
  return id
    .replaceAll('_', '-')
    .split('.')
    .map((label) => label.replaceAll(/^-+|-+$/g, ''))
    .filter((label) => label !== '')
    .join('.');
}
