import { createHash } from 'node:crypto';
import { checkContainerId, isContainervError } from 'containerv-api';

/** HNS has no field for an owner, so a name says whose an endpoint is. */
const ENDPOINT_PREFIX = 'chef-';
/** Namespaces have no name either, but an id that the caller may choose: its first bytes read "chefns". */
const NAMESPACE_PREFIX = '63686566-6e73-8';

/** `'chef-<container id>'`. */
export function endpointName(containerId: string): string {
  return ENDPOINT_PREFIX + checkContainerId(containerId);
}

/** Whose endpoint this is; `undefined`: not one of containerv. */
export function containerOfEndpoint(name: string): string | undefined {
  if (!name.startsWith(ENDPOINT_PREFIX)) return undefined;
  try {
    return checkContainerId(name.slice(ENDPOINT_PREFIX.length));
  } catch (error) {
    if (isContainervError(error)) return undefined;
    throw error;
  }
}

/** The id of a container's namespace, always the same: whoever has only the container's id finds it. */
export function namespaceId(containerId: string): string {
  const hash = createHash('sha256').update(checkContainerId(containerId)).digest('hex');
  // RFC 9562, version 8: bits of our own, with the variant's two bits set.
  return `${NAMESPACE_PREFIX}${hash.slice(0, 3)}-8${hash.slice(3, 6)}-${hash.slice(6, 18)}`;
}

/** Whether containerv has made a namespace, for any container. */
export function isOwnNamespace(id: string): boolean {
  return id.toLowerCase().startsWith(NAMESPACE_PREFIX);
}
