import type { Command } from '../command.js';
import { eachContainer } from './each-container.js';

export const start: Command = eachContainer(
  'start',
  'Start stopped containers again, with their files as they were.',
  async (container) => container.start(),
);
