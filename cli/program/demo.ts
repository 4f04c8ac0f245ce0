/** @module The command `demo`: the demonstration that `npm start` runs. Its own words are the table of `../commands.ts`. */
import type { CommandRow } from './row.js';

export const demo: CommandRow = {
  name: 'demo',
  help: 'five nodes in five processes, and a shell to try them with',
  run: async () => {
    const { demonstrate } = await import('../start.js');
    return demonstrate();
  },
};
