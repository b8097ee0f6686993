import type { Command } from '../command.js';
import { cp } from './cp.js';
import { doctor } from './doctor.js';
import { exec } from './exec.js';
import { inspect } from './inspect.js';
import { check, compile, learn, show } from './policy/index.js';
import { prune } from './prune.js';
import { ps } from './ps.js';
import { rm } from './rm.js';
import { run } from './run.js';
import { stop } from './stop.js';

/** In the order of the help. */
export const commands: readonly Command[] = [
  run,
  exec,
  cp,
  ps,
  inspect,
  stop,
  rm,
  prune,
  doctor,
  show,
  check,
  compile,
  learn,
];
