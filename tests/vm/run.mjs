// `node vm/run.mjs [--user] [--timeout SECONDS] COMMAND [ARGUMENT...]`: one command in a machine with a stock kernel.
import { parseArgs } from 'node:util';
import { missingForMachine, runInMachine } from './machine.mjs';

const split = process.argv.findIndex((argument, index) => index > 1 && !argument.startsWith('--'));
const { values } = parseArgs({
  args: process.argv.slice(2, split < 0 ? undefined : split),
  options: { user: { type: 'boolean' }, timeout: { type: 'string', default: '3600' } },
});
const missing = missingForMachine();
if (split < 0 || missing !== '') {
  console.error(missing || 'Usage: node vm/run.mjs [--user] [--timeout=SECONDS] COMMAND [ARGUMENT...]');
  process.exit(125);
}
const onOutput = (port, chunk) => process[port].write(chunk);
const { status } = await runInMachine(process.argv.slice(split), { user: values.user, timeoutMs: Number(values.timeout) * 1000, onOutput });
process.exitCode = status;
