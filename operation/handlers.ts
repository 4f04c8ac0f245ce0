/**
 * @module Handlers: what an operator asks a node over HTTP, as request handlers of `node:http`: metrics for Prometheus, and whether the node
 * lives and is ready. They change nothing, and read nothing of a request but its method and its path.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { MeshNode } from '../core/index.js';
import { callable, fallback, options, optionsReader } from '../core/schema/index.js';
import { shown } from '../core/schema/schema.js';
import { checkNode, type ObservedNode, prometheusText } from './prometheus.js';

/** What counts as ready. */
export interface HealthOptions<Node extends ObservedNode = MeshNode> {
  /**
   * Whether a running node is ready. Every one is by default: a seed has no connection before others have found it, and they may wait until it is
   * ready. `(node) => node.connections().length > 0` for nodes that are of no use alone. One that throws, or answers with anything but a boolean, a
   * promise included, counts as not ready, and the answer says so.
   */
  readonly isReady?: (node: Node) => boolean;
}

/** The fields of `HealthOptions`. */
export const HEALTH_FIELDS = { isReady: fallback(callable<(node: MeshNode) => boolean>(), () => true) };
const READ = optionsReader('healthHandler', options(HEALTH_FIELDS));
const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';

/** Answers with the metrics of the node, whatever the path. Its text has no ids, and may have at most some 1,200 series. Throws `ARGUMENT_INVALID`. */
export function metricsHandler(node: ObservedNode): RequestListener {
  checkNode('metricsHandler', node);
  return (request, response) => answer(request, response, () => ({ status: 200, type: PROMETHEUS_TYPE, text: prometheusText(node) }));
}

/**
 * `/healthz` answers 200 until the node has stopped: the process works. `/readyz` answers 200 while it runs and `isReady`, and 503 before its
 * start, while it drains and after its end: others should send it work. Any other path answers 404. Throws `ARGUMENT_INVALID` and `OPTION_INVALID`.
 */
export function healthHandler<Node extends ObservedNode>(node: Node, given: HealthOptions<Node> = {}): RequestListener {
  checkNode('healthHandler', node);
  const { isReady } = READ(given) as unknown as Required<HealthOptions<Node>>;
  return (request, response) => {
    const path = pathOf(request);
    answer(request, response, () => {
      if (path !== '/healthz' && path !== '/readyz') return { status: 404, type: TEXT_TYPE, text: 'not found\n' };
      const isRight = node.state === 'running' || (path === '/healthz' && node.state !== 'stopped');
      const unready = isRight && path === '/readyz' ? unreadiness(() => isReady(node)) : '';
      return { status: isRight && unready === '' ? 200 : 503, type: TEXT_TYPE, text: `${node.state}${unready}\n` };
    });
  };
}

/** Why the application is not ready; empty when it is. */
function unreadiness(isReady: () => unknown): string {
  try {
    const answer = isReady();
    if (typeof answer !== 'boolean') return `: isReady must answer with true or false, not with ${shown(answer)}`;
    return answer ? '' : ': isReady answers with false';
  } catch (cause) {
    return `: isReady threw ${cause instanceof Error ? cause.name : shown(cause)}`;
  }
}

/** The path of a request without its query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] as string;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function answer(request: IncomingMessage, response: ServerResponse, make: () => Answer): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const { status, type, text } = make();
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' });
  response.end(request.method === 'HEAD' ? undefined : text);
}
