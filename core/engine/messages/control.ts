/**
 * @module Control: what the messages of service 0 do to a link. They are direct only: a routed one would let a stranger speak for the
 * neighbour. The one exception, a signal of a lost message, does nothing to a link: `loss-signals.ts`.
 */

import { assertNever, closeCodeOf } from '../../errors.js';
import { type ControlMessage, decodeControl } from '../../wire/link-control.js';
import { type HeaderView, KIND_DIRECT } from '../../wire/message.js';
import type { Engine } from '../engine.js';
import type { Link } from '../links/link.js';

export function handleControl(engine: Engine, link: Link, view: HeaderView): void {
  if (view.kind !== KIND_DIRECT) return engine.links.close(link, 'protocol-error', 'routed control message');
  const message = decodeControl(view.bytes.subarray(view.bodyOffset, view.end));
  if (message === 'malformed') return engine.links.close(link, 'protocol-error', 'malformed control message');
  if (message !== 'unknown' && message.type === 'close') return engine.links.closedByRemote(link, closeCodeOf(message.code), message.text);
  if (engine.links.duplicates.isUndecided(link)) engine.links.duplicates.decidedByRemote(link);
  if (link.isOver) return;
  if (message === 'unknown') engine.metrics.unknownControl.value++;
  else act(engine, link, message);
}

function act(engine: Engine, link: Link, message: Exclude<ControlMessage, { type: 'close' }>): void {
  switch (message.type) {
    case 'ping':
      return engine.liveness.pingReceived(link, message.value);
    case 'pong':
      return engine.liveness.pongReceived(link, message.value);
    case 'ready':
      return engine.admission.readyReceived(link, message.services);
    case 'services':
      return servicesChanged(engine, link, message.services);
    case 'lost':
      return engine.links.close(link, 'protocol-error', 'a signal that is not routed');
    default:
      assertNever(message);
  }
}

function servicesChanged(engine: Engine, link: Link, services: readonly number[]): void {
  if (!link.isReadyReceived) return engine.links.close(link, 'protocol-error', 'services before ready');
  link.remoteServices = services;
  if (link.isOpen) engine.router.linkServices(link.id, services);
}
