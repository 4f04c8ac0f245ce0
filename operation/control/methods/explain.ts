/** @module Explain: why a route goes where it goes. */
import type { RouteExplanation } from '../../../core/index.js';
import { options, optionsReader } from '../../../core/schema/index.js';
import type { Method } from './context.js';
import { routeTargetOf, TARGET } from './targets.js';

const read = optionsReader('explain', options({ target: TARGET }), 'ARGUMENT_INVALID');

/** What `explain` gives. */
export type Explanation = RouteExplanation;

export const explain: Method = {
  run: ({ node }, params) => ({ result: node.explain(routeTargetOf(node, read(params).target)) }),
};
