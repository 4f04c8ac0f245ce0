/** @module The command `explain`: why a route of a node goes where it goes. */
import type { RouteExplanation } from '../../index.js';
import { SEED_OPTIONS, withNode } from './nodes.js';
import { requireTarget, untilRouted } from './routes.js';
import type { CommandRow } from './row.js';
import { EXIT, plainText } from './terminal.js';

export const explain: CommandRow = {
  name: 'explain',
  parameters: ['<target>'],
  help: 'the path from the node to another one, a key or a service, with the reason, and each rejected path with its reason',
  options: SEED_OPTIONS,
  run: async (terminal, options, [target = '']) => {
    requireTarget(target);
    return withNode(terminal, options, async (node) => {
      await untilRouted(node, target);
      const explanation = (await node.client.request('explain', { target })) as RouteExplanation;
      const { action, reason, rejected, path } = explanation;
      const step = action.type === 'next' ? `over connection ${action.connectionId}` : action.type;
      terminal.show(explanation, [
        `${step}; ${plainText(reason)}`,
        ...rejected.map(({ via, reason: fault }) => `  ${via.nodeId.slice(0, 8)}: ${plainText(fault)}`),
        ...(path === undefined ? [] : [`path: ${path.address === undefined ? path.type : `${path.type}, ${plainText(path.address)}`}`]),
        ...(path?.candidates ?? []).map(({ address, outcome, reason: fault }) => `  ${plainText(address)} ${outcome}: ${plainText(fault)}`),
      ]);
      return action.type === 'reject' ? EXIT.failed : EXIT.ok;
    });
  },
};
