import type { Command } from '../command.js';
import { eachContainer } from './each-container.js';

export const resume: Command = eachContainer(
  'resume',
  'Let the processes of paused containers go on.',
  async (container) => container.resume(),
);
