/** @module The command `call`: calls a method of a service with a value in JSON. The node must allow it. */
import { SEED_OPTIONS, TIMEOUT_OPTION, withNode } from './nodes.js';
import { requireTarget, untilRouted } from './routes.js';
import type { CommandRow } from './row.js';
import { EXIT, plainText } from './terminal.js';
import { json, whole } from './values.js';

const readService = whole('service', 0, 255);
const readValue = json('value');

export const call: CommandRow = {
  name: 'call',
  parameters: ['<target>', '<service>', '<method>', '[value]'],
  help: 'call a method of a service on a node, with a value in JSON; the node must run with control.allow: call',
  options: [TIMEOUT_OPTION, ...SEED_OPTIONS],
  run: async (terminal, options, [target = '', number = '', method = '', text]) => {
    requireTarget(target);
    const service = readService(number);
    const value = text === undefined ? undefined : readValue(text);
    return withNode(terminal, options, async (node) => {
      await untilRouted(node, target);
      const result = (await node.client.request('call', { target, service, method, value, timeoutMs: options.timeout })) as {
        value: unknown;
      };
      terminal.show(result, [plainLines(JSON.stringify(result.value ?? null, undefined, 2))]);
      return EXIT.ok;
    });
  },
};

function plainLines(text: string): string {
  return text.split('\n').map(plainText).join('\n');
}
