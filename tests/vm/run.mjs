// `node vm/run.mjs [--user] [--timeout=SECONDS] COMMAND [ARGUMENT...]`: one command in a machine with a stock kernel.
import { parseArgs } from 'node:util';
import { missingForMachine, runInMachine } from './machine.mjs';

const USAGE = 'Usage: node vm/run.mjs [--user] [--timeout=SECONDS] /ABSOLUTE/COMMAND [ARGUMENT...]';

const given = process.argv.slice(2);
const split = given.findIndex((argument) => !argument.startsWith('--'));
const { values } = parseArgs({
  args: split < 0 ? given : given.slice(0, split),
  options: { user: { type: 'boolean', default: false }, timeout: { type: 'string', default: '3600' } },
});
const missing = missingForMachine();
if (split < 0 || missing !== '') {
  console.error(missing === '' ? USAGE : missing);
  process.exitCode = 125;
} else {
  const { status } = await runInMachine(given.slice(split), {
    user: values.user,
    timeoutMs: Number(values.timeout) * 1000,
    onOutput: (port, chunk) => void process[port].write(chunk),
  });
  process.exitCode = status;
}
