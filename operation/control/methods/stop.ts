/** @module Stop: ends the node, when the program has the answer. The connection ends with the node. */
import { fallback, options, optionsReader, whole } from '../../../core/schema/index.js';
import type { Method } from './context.js';

const DRAIN_MS_MAX = 86_400_000;
const read = optionsReader('stop', options({ drainMs: fallback(whole(0, DRAIN_MS_MAX), 0) }), 'ARGUMENT_INVALID');

export const stop: Method = {
  permission: 'stop',
  run: ({ node }, params) => {
    const { drainMs } = read(params ?? {});
    return { result: { state: 'stopping' }, after: () => void node.stop({ drainMs }) };
  },
};
