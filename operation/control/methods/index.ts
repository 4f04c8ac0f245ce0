/** @module Methods: the table of what may be asked over the control socket. All of them look, but those that name a permission. */
import { NetworkError } from '../../../core/index.js';
import { nearest } from '../../../core/schema/index.js';
import type { SessionPorts } from '../session.js';
import { call } from './call.js';
import type { Method, MethodContext } from './context.js';
import { doctor } from './doctor.js';
import { explain } from './explain.js';
import { identify } from './identify.js';
import { ping } from './ping.js';
import { stop } from './stop.js';
import { top } from './top.js';

export const METHODS: Readonly<Record<string, Method>> = { call, doctor, explain, id: identify, ping, stop, top };

/** Handles the requests of all programs. */
export function handlerOf(context: MethodContext): SessionPorts['handle'] {
  return async ({ method: name, params }, signal) => {
    const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
    if (method === undefined) {
      const text = `the control socket has no method ${JSON.stringify(name)}; ${nearest(name, Object.keys(METHODS))}`;
      throw new NetworkError('ARGUMENT_INVALID', text);
    }
    const { permission } = method;
    if (permission !== undefined && !context.allow.includes(permission)) {
      const text = `the node does not allow ${permission} over its control socket`;
      throw new NetworkError('CONTROL_DENIED', text, { details: { method: name, permission } });
    }
    return method.run(context, params, signal);
  };
}
