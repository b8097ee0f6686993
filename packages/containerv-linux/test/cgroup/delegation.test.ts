import { expect, test } from 'vitest';
import { type GroupProbe, groupForContainers, occupiedGroup } from '../../src/cgroup/delegation.js';

const MOUNT = '/sys/fs/cgroup';
const SLICE = `${MOUNT}/user.slice/user-1000.slice`;
const MANAGER = `${SLICE}/user@1000.service`;

function probe(delegated: readonly string[], occupied: readonly string[] = []): GroupProbe {
  return {
    isDelegated: (directory) => delegated.includes(directory),
    isOccupied: (directory) => occupied.includes(directory),
  };
}

test('root has the whole hierarchy', () => {
  const nothing = probe([]);
  expect(groupForContainers(MOUNT, `${SLICE}/session-3.scope`, true, nothing)).toBe(MOUNT);
});

test('a user has the nearest delegated group around their own', () => {
  const own = `${MANAGER}/app.slice/run-1.scope`;
  const all = [own, `${MANAGER}/app.slice`, MANAGER];
  expect(groupForContainers(MOUNT, own, false, probe(all))).toBe(`${MANAGER}/app.slice`);
});

test('one that has processes of its own can hand nothing down', () => {
  const own = `${MANAGER}/app.slice/run-1.scope`;
  const all = [own, `${MANAGER}/app.slice`, MANAGER];
  expect(groupForContainers(MOUNT, own, false, probe(all, [`${MANAGER}/app.slice`]))).toBe(MANAGER);
});

test('a group that root has handed over, with the user below it', () => {
  expect(groupForContainers(MOUNT, `${MOUNT}/handed/shell`, false, probe([`${MOUNT}/handed`]))).toBe(
    `${MOUNT}/handed`,
  );
});

test('our own group is none: we are in it', () => {
  expect(groupForContainers(MOUNT, `${MOUNT}/handed`, false, probe([`${MOUNT}/handed`]))).toBe(MOUNT);
});

test('nothing outside of what is mounted', () => {
  expect(groupForContainers(MOUNT, MOUNT, false, probe(['/sys/fs', '/sys', '/']))).toBe(MOUNT);
});

test('that we are in the group that was handed to us is known; root is anywhere', () => {
  const own = `${MOUNT}/handed`;
  expect(occupiedGroup(own, false, probe([own], [own]))).toBe(own);
  expect(occupiedGroup(own, false, probe([]))).toBeUndefined();
  expect(occupiedGroup(own, true, probe([own]))).toBeUndefined();
});
