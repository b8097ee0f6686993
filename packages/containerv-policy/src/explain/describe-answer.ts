import { linuxErrnoName } from 'containerv-api';
import { type Answer, fromAnswer } from '../seccomp/answer.js';

export function describeAnswer(answer: Answer): string {
  const { action, data } = fromAnswer(answer);
  switch (action) {
    case 'allow':
      return 'allowed';
    case 'log':
      return 'allowed and logged';
    case 'trace':
      return 'left to a tracer, ENOSYS without one';
    case 'errno':
      return `fails with ${linuxErrnoName(data)}`;
    case 'trap':
      return 'SIGSYS';
    case 'kill-thread':
      return 'ends the thread';
    case 'kill':
      return 'ends the process';
  }
}
