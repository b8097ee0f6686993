import { type HostCheck, type HostReport, isContainervError } from 'containerv-api';
import type { Command, Surroundings } from '../command.js';
import { type Style, styleFor } from '../style.js';
import { json } from '../table.js';

const UNUSABLE = 1;

export const doctor: Command = {
  name: 'doctor',
  summary: 'Show what this host offers to containers, what it lacks, and how to mend it.',
  synopsis: '[options]',
  options: { json: { help: 'Print a JSON object.' } },
  notes: 'Exit status: 0 when a container with default options works here, otherwise 1.',
  operands: [0, 0],
  async run({ switches }, { driver, stdout, env }) {
    const report = await probe(driver);
    stdout.write(switches.has('json') ? json(report) : readable(report, styleFor(stdout, env)));
    return report.usable ? 0 : UNUSABLE;
  },
};

/** A driver that is not there is a finding like any other. */
async function probe(driver: Surroundings['driver']): Promise<HostReport> {
  try {
    return await driver.probeHost();
  } catch (error) {
    if (!isContainervError(error) || error.code !== 'ERR_CONTAINERV_NO_DRIVER') throw error;
    const check: HostCheck = { name: 'driver', status: 'missing', detail: error.summary, fix: error.hint };
    return { usable: false, checks: [check] };
  }
}

const MARKS = {
  ok: ['green', 'ok      '],
  degraded: ['yellow', 'degraded'],
  missing: ['red', 'missing '],
} as const;

function readable({ checks, usable }: HostReport, style: Style): string {
  const lines = checks.flatMap(({ name, status, detail, fix }) => {
    const [colour, mark] = MARKS[status];
    const line = `${style(colour, mark)}  ${style('bold', name)}: ${detail}`;
    return fix === undefined || status === 'ok' ? [line] : [line, `          fix: ${fix}`];
  });
  const verdict = usable
    ? style('green', 'Containers work on this host.')
    : style('red', 'Containers with default options do not work on this host.');
  return `${[...lines, '', verdict].join('\n')}\n`;
}
