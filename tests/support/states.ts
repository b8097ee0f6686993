import type { Container, ContainerState } from 'containerv-linux';

/** Every state that the container enters from now on. */
export function recordStates(container: Container): ContainerState[] {
  const states: ContainerState[] = [];
  container.on('state', (state) => states.push(state));
  return states;
}
