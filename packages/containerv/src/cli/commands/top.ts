import { setTimeout as sleep } from 'node:timers/promises';
import { type Container, isContainervError, type ProcessInfo } from 'containerv-api';
import type { Command } from '../command.js';
import { bytesText, countText, percentText, sparkline } from '../figures.js';
import { liveView, repeat } from '../live-view.js';
import { jsonLine, table } from '../table.js';
import { visibleText } from '../visible-text.js';
import { SAMPLE_MS, WATCH_OPTIONS, watching } from './watch-options.js';

const HISTORY = 60;

export const top: Command = {
  name: 'top',
  summary: 'Show the processes of a container, the busiest first.',
  synopsis: '[options] ID',
  options: WATCH_OPTIONS,
  notes:
    'On a terminal a table that is drawn again and again, until Ctrl-C, with control characters in names shown as\n' +
    'escapes; everywhere else a line of JSON for each process, and again with --interval.',
  operands: [1, 1],
  async run(line, surroundings) {
    const { driver, stdout } = surroundings;
    const { live, intervalMs, repeatMs } = watching(line, stdout.isTTY === true);
    const container = await driver.joinContainer(line.operands[0] ?? '');
    if (live) {
      const history: (number | null)[] = [];
      await liveView(surroundings, intervalMs, async () =>
        unlessEnded(async () => lines(container, history)),
      );
      return 0;
    }
    await container.processes();
    await sleep(SAMPLE_MS);
    await repeat(surroundings, repeatMs, async () => {
      const list = await unlessEnded(async () => container.processes());
      for (const info of list ?? []) stdout.write(jsonLine(info));
      return list !== undefined;
    });
    return 0;
  },
};

async function lines(container: Container, history: (number | null)[]): Promise<string[]> {
  const [figures, list] = await Promise.all([container.stats(), container.processes()]);
  history.push(figures.cpuPercent);
  history.splice(0, history.length - HISTORY);
  const rows = list.toSorted((a, b) => (b.cpuPercent ?? 0) - (a.cpuPercent ?? 0) || a.pid - b.pid).map(row);
  return [
    `${container.id}  ${container.state}  ${countText(figures.activeProcesses)} processes  ` +
      `cpu ${percentText(figures.cpuPercent)}%  memory ${bytesText(figures.memoryBytes)}`,
    sparkline(history),
    ...table([['PID', 'PPID', 'USER', 'CPU%', 'MEMORY', 'NAME', 'COMMAND'], ...rows])
      .trimEnd()
      .split('\n'),
  ];
}

function row({ pid, ppid, user, cpuPercent, memoryBytes, name, command }: ProcessInfo): string[] {
  return [
    String(pid),
    String(ppid),
    user === null ? '-' : visibleText(user),
    percentText(cpuPercent),
    bytesText(memoryBytes),
    visibleText(name),
    visibleText(command),
  ];
}

/** `undefined`: it has ended. */
async function unlessEnded<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isContainervError(error) && error.code === 'ERR_CONTAINERV_STATE') return undefined;
    throw error;
  }
}
