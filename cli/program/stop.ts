/** @module The command `stop`: ends a running node, and waits until it has ended. */
import { CONTROL_OPTIONS, withNode } from './nodes.js';
import type { CommandRow } from './row.js';
import { EXIT } from './terminal.js';
import { whole } from './values.js';

export const stop: CommandRow = {
  name: 'stop',
  help: 'stop the node, which must run with control.allow: stop',
  options: [
    { flags: '--drain <ms>', help: 'how long calls in work may go on', read: whole('--drain', 0, 86_400_000), initial: 0 },
    ...CONTROL_OPTIONS,
  ],
  run: (terminal, options) =>
    withNode(terminal, options, async ({ client }) => {
      await client.request('stop', { drainMs: options.drain });
      terminal.progress('stopping …');
      await client.closed;
      terminal.show({ nodeId: client.node.nodeId, state: 'stopped' }, [`node ${client.node.nodeId.slice(0, 8)} has stopped`]);
      return EXIT.ok;
    }),
};
