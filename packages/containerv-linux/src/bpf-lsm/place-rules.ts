import { closeSync, constants, openSync, readFileSync, readlinkSync } from 'node:fs';
import { ContainervError } from 'containerv-api';
import { FILE_RULES_STEP, leadsNowhere, rulesetError } from '../landlock/ruleset-error.js';
import type { FileRule } from '../landlock/ruleset.js';
import type { Native } from '../native.js';
import { failureOf } from '../system-error.js';
import type { FileMaps } from './file-maps.js';
import { type PlacedRule, rightsOfMounts } from './mount-rights.js';

/** Init has each of them open. */
const MOST_PATHS = 512;
const O_PATH = 0o10_000_000;

/** What rules come to in one container. */
export interface PlacedRules {
  /** By the mark of what a rule names, its rights. */
  readonly marks: ReadonlyMap<bigint, number>;
  /** By a mount's number, the rights that everything in it has. */
  readonly mounts: ReadonlyMap<bigint, number>;
  /** Rules that give nothing, because what they name is not there. */
  readonly missed: readonly string[];
}

/**
 * Looks rules up in the container, as init sees it, and marks what they name. `fds` is added one descriptor for each file
 * that was marked: as long as somebody has it open, the kernel keeps the mark.
 * @throws ContainervError | Error of node:fs
 */
export function placeRules(
  native: Native,
  maps: FileMaps,
  init: number,
  rules: readonly FileRule[],
  fds: number[],
): PlacedRules {
  if (rules.length > MOST_PATHS) {
    throw new ContainervError(
      'ERR_CONTAINERV_UNSUPPORTED',
      `With \`bpfLsm\` a policy has at most ${MOST_PATHS} rules for paths, and this one has ${rules.length}`,
      { step: FILE_RULES_STEP, hint: 'Name directories above them: those cover what is below.' },
    );
  }
  const placed: PlacedRule[] = [];
  const marks = new Map<bigint, number>();
  const missed: string[] = [];
  const root = openSync(`/proc/${init}/root`, O_PATH | constants.O_DIRECTORY);
  try {
    for (const { path, access, origin } of rules) {
      const fd = openRule(native, root, path, origin);
      if (fd < 0) {
        if (origin !== 'base') missed.push(path);
        continue;
      }
      fds.push(fd);
      const mark = maps.markOf(fd);
      marks.set(mark, (marks.get(mark) ?? 0) | access);
      placed.push({ path: readlinkSync(`/proc/self/fd/${fd}`), mount: mountOf(fd), access });
    }
  } finally {
    closeSync(root);
  }
  const rights = rightsOfMounts(readFileSync(`/proc/${init}/mountinfo`, 'utf8'), placed);
  return { marks, mounts: new Map([...rights].map(([mount, access]) => [BigInt(mount), access])), missed };
}

/** -1: it leads nowhere. Links are followed for rules that somebody named, as with Landlock. */
function openRule(native: Native, root: number, path: string, origin: FileRule['origin']): number {
  try {
    return native.openInRoot(root, path, origin !== 'base');
  } catch (error) {
    const failure = failureOf(error, FILE_RULES_STEP);
    if (failure === undefined) throw error;
    if (origin !== 'required' && leadsNowhere(failure)) return -1;
    throw rulesetError(failure, error);
  }
}

function mountOf(fd: number): number {
  const id = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  if (id !== undefined) return Number(id);
  throw new ContainervError(
    'ERR_CONTAINERV_UNSUPPORTED',
    'The kernel does not tell which mount a file is in',
    {
      step: FILE_RULES_STEP,
    },
  );
}
