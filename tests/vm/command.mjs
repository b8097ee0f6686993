import { spawnSync } from 'node:child_process';

/**
 * What a command printed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnSyncOptionsWithBufferEncoding} [options]
 * @returns {Buffer}
 * @throws Error with what it said
 */
export function output(command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { maxBuffer: 2 ** 30, ...options });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')}: exit status ${status}: ${stderr.toString()}`);
  return stdout;
}
