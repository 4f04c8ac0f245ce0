/**
 * @module Control: what the messages of service 0 do to a link. They are direct only: a routed one would let a stranger act as the
 * neighbour. The one exception, a signal of a lost message, does nothing to a link: `loss-signals.ts`.
 */

import { assertNever, closeCodeOf } from '../../errors.js';
import { type ControlMessage, decodeControl } from '../../wire/link-control.js';
import { type HeaderView, KIND_DIRECT } from '../../wire/message.js';
import type { EngineContext } from '../context.js';
import type { Admission } from '../links/admission.js';
import type { Duplicates } from '../links/duplicates.js';
import type { Link } from '../links/link.js';
import type { LinkTable } from '../links/link-table.js';
import type { Liveness } from '../links/liveness.js';
import type { RouterFacade } from '../router-facade.js';

export interface ControlParts {
  readonly context: EngineContext;
  readonly links: LinkTable;
  readonly duplicates: Duplicates;
  readonly admission: Admission;
  readonly liveness: Liveness;
  readonly router: RouterFacade;
}

export class Control {
  constructor(private readonly parts: ControlParts) {}

  handle(link: Link, view: HeaderView): void {
    const { links, duplicates, context } = this.parts;
    if (view.kind !== KIND_DIRECT) return links.close(link, 'protocol-error', 'routed control message');
    const message = decodeControl(view.bytes.subarray(view.bodyOffset, view.end));
    if (message === 'malformed') return links.close(link, 'protocol-error', 'malformed control message');
    if (message !== 'unknown' && message.type === 'close') return links.closedByRemote(link, closeCodeOf(message.code), message.text);
    if (message !== 'unknown' && message.type === 'resume') return duplicates.handovers?.resumed(link, message.sequences);
    duplicates.messageCame(link);
    if (link.isOver) return;
    if (message === 'unknown') context.metrics.unknownControl.value++;
    else this.act(link, message);
  }

  private act(link: Link, message: Exclude<ControlMessage, { type: 'close' | 'resume' }>): void {
    const { liveness, admission, links, duplicates } = this.parts;
    switch (message.type) {
      case 'ping':
        return liveness.pingReceived(link, message.value);
      case 'pong':
        return liveness.pongReceived(link, message.value);
      case 'ready':
        return admission.readyReceived(link, message.services);
      case 'services':
        return this.servicesChanged(link, message.services);
      case 'pace':
        return liveness.paceReceived(link, message.ms);
      case 'handover':
        return duplicates.handovers?.received(link, message.channel);
      case 'rest':
        return duplicates.handovers?.resumptions.rest(link, message);
      case 'lost':
        return links.close(link, 'protocol-error', 'a signal that is not routed');
      default:
        assertNever(message);
    }
  }

  private servicesChanged(link: Link, services: readonly number[]): void {
    if (!link.isReadyReceived) return this.parts.links.close(link, 'protocol-error', 'services before ready');
    link.remoteServices = services;
    if (link.isOpen) this.parts.router.linkServices(link.id, services);
  }
}
