import { statusOfError } from '../exit-status.js';
import { oneLine } from '../one-line.js';
import type { ToBehind, ToFront } from './half-messages.js';
import { Work } from './work.js';

// By force: Node.js itself waits for calls of the service that are under way. Nobody is there to see the status.
const giveUp = (): unknown => process.kill(process.pid, 'SIGKILL');
const work = new Work(giveUp);

async function run({ request, terminal }: Extract<ToBehind, { kind: 'request' }>): Promise<number> {
  try {
    return await work.run(request, terminal, () => send({ kind: 'started' }));
  } catch (error) {
    process.stderr.write(oneLine(error));
    return statusOfError(error);
  }
}

function send(message: ToFront, done: () => void = () => {}): void {
  if (process.connected) process.send?.(message, done);
  else done();
}

process.on('message', (message: ToBehind) => {
  if (message.kind === 'signal') work.signal(message.signal);
  else if (message.kind === 'resize') work.resize(message.size);
  // Exits at once: the container's handles would keep this process alive.
  else void run(message).then((status) => send({ kind: 'ended', status }, () => process.exit(status)));
});
// Whoever started this one is gone, with or without a word.
process.once('disconnect', () => work.end());
if (!process.connected) giveUp();
