import type { ProcessSpec } from 'containerv-api';
import type { Confinement } from '../confinement.js';
import { writeAffinity, writeConfinement, writeEnvironment, writeRlimits, writeUser } from '../plan/plan.js';
import { MessageType, SpawnFlag } from '../protocol.js';
import { WireWriter } from '../wire.js';

/** The message that makes init start a process (`native/init/spawn_request.cc`). */
export function encodeSpawn(
  request: number,
  spec: ProcessSpec,
  confinement: Confinement | undefined,
  observerPass = 0n,
): Buffer {
  const flags =
    (spec.tty === undefined ? 0 : SpawnFlag.Tty) |
    (spec.tty === undefined || spec.stderrApart === undefined ? 0 : SpawnFlag.StderrApart) |
    (spec.jobControl ? SpawnFlag.JobControl : 0) |
    (observerPass === 0n ? 0 : SpawnFlag.Observed) |
    (spec.detached ? SpawnFlag.SurvivesClient : 0);
  const writer = new WireWriter(MessageType.Spawn, request).u32(flags).text(spec.argv[0]).text(spec.cwd);
  writeUser(writer, spec.user);
  writer.u32(spec.tty?.columns ?? 0).u32(spec.tty?.rows ?? 0);
  writeRlimits(writer, spec.rlimits);
  writeAffinity(writer, spec.cpuAffinity);
  writer.u32(confinement === undefined ? 0 : 1);
  if (confinement !== undefined) {
    writeConfinement(writer, confinement);
    writer.u64(confinement.ownFilePolicy ?? 0n);
  }
  if (observerPass !== 0n) writer.u64(observerPass);
  writer.list(spec.argv, (argument) => writer.text(argument));
  writeEnvironment(writer, spec.env);
  return writer.finish();
}
