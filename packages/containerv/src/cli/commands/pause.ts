import type { Command } from '../command.js';
import { eachContainer } from './each-container.js';

export const pause: Command = eachContainer(
  'pause',
  'Have every process of containers stand still.',
  async (container) => container.pause(),
);
