import { nearestName } from 'containerv-api';

/** ` Did you mean --memory?` with its leading space, or the empty string. */
export function suggestion(name: string, candidates: Iterable<string>, prefix = ''): string {
  const nearest = nearestName(name, candidates);
  return nearest === undefined ? '' : ` Did you mean ${prefix}${nearest}?`;
}
