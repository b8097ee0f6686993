/** What a group that has processes can hand down nevertheless (cgroup-v2.rst, "Threads"). */
const THREADED: ReadonlySet<string> = new Set(['cpu', 'cpuset', 'perf_event', 'pids']);

/**
 * What is written to a group's `cgroup.subtree_control` for each controller. Never a threaded one alone: a group with
 * processes of its own, as around a program in a container, would take it, become threaded itself, and have no container
 * below it any more. Together with another it is refused there, and nothing changes.
 */
export function handDownTexts(wanted: readonly string[], available: readonly string[]): string[] {
  const other = [...wanted, ...available].find((name) => !THREADED.has(name));
  return wanted.map((name) =>
    THREADED.has(name) && other !== undefined ? `+${other} +${name}` : `+${name}`,
  );
}
