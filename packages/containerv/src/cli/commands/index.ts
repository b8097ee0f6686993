import type { Command } from '../command.js';
import { cp } from './cp.js';
import { diff } from './diff.js';
import { doctor } from './doctor.js';
import { exec } from './exec.js';
import { inspect } from './inspect.js';
import { pause } from './pause.js';
import { network } from './network.js';
import { check, compile, learn, show } from './policy/index.js';
import { logs } from './logs.js';
import { prune } from './prune.js';
import { ps } from './ps.js';
import { resume } from './resume.js';
import { rm } from './rm.js';
import { run } from './run.js';
import { snapshot } from './snapshot.js';
import { start } from './start.js';
import { stats } from './stats.js';
import { stop } from './stop.js';
import { top } from './top.js';
import { update } from './update.js';

/** In the order of the help. */
export const commands: readonly Command[] = [
  run,
  exec,
  cp,
  logs,
  ps,
  inspect,
  stats,
  top,
  diff,
  snapshot,
  update,
  stop,
  start,
  pause,
  resume,
  rm,
  prune,
  network,
  doctor,
  show,
  check,
  compile,
  learn,
];
