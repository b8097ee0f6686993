import { spawnSync } from 'node:child_process';

/** What a command printed. @throws Error with what it said */
export function output(command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { maxBuffer: 2 ** 30, ...options });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit status ${status}: ${stderr}`);
  return stdout;
}
