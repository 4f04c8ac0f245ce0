/** @module Call: calls a method of a service, as the application of the node would. */
import { anything, fallback, options, optionsReader, text, whole } from '../../../core/schema/index.js';
import { STEP_MS } from '../messages.js';
import type { Method } from './context.js';
import { routeTargetOf, TARGET } from './targets.js';

/** Of the time that a request may take, so that the program is told that the call had no answer. */
const TIMEOUT_MS_MAX = STEP_MS - 500;
const METHOD_CHARACTERS_MAX = 256;

const read = optionsReader(
  'call',
  options({
    target: TARGET,
    service: whole(0, 255),
    method: text(METHOD_CHARACTERS_MAX, { min: 1 }),
    value: anything,
    timeoutMs: fallback(whole(1, TIMEOUT_MS_MAX), 5_000),
  }),
  'ARGUMENT_INVALID',
);

export const call: Method = {
  permission: 'call',
  run: async ({ node }, params, signal) => {
    const { target, service, method, value, timeoutMs } = read(params);
    return { result: { value: await node.call(routeTargetOf(node, target), service, method, value, { timeoutMs, signal }) } };
  },
};
