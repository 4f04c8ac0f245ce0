/**
 * @module Race: the addresses of one attempt, as RFC 8305 wants them: the next one is dialled as soon as the last has failed, or has not
 * answered for a moment. Addresses that are this node's own, or led back to it within an hour, are left out without a dial. When an attempt
 * ends is `dialer.ts`'s business.
 */
import type { Address } from '../../address/address.js';
import { isResolved } from '../../address/address-class.js';
import { SelfAddresses } from '../../address/self-addresses.js';
import { NetworkError } from '../../errors.js';
import type { EngineContext } from '../context.js';
import type { Link } from '../links/link.js';
import type { LinkTable } from '../links/link-table.js';
import type { Dialling } from './dialling.js';

/** The next address is dialled when the last has not answered for so long. */
const STAGGER_MS = 250;
/**
 * A path over other nodes waits for so long that one without them comes to something, unless all have failed before; and longer, while one is proven
 * and about to open.
 */
const RELAY_WAIT_MS = 1_000;

export class Race {
  private readonly selfAddresses = new SelfAddresses();

  constructor(
    private readonly context: EngineContext,
    private readonly links: LinkTable,
  ) {}

  /** Dials the next address; the one after it follows. */
  next(dialling: Dialling): void {
    this.hold(dialling);
    const { deadlines, nowMs } = this.context;
    const isProven = [...dialling.active].some(({ connection }) => connection !== undefined);
    const relayAtMs = Math.max(dialling.beganMs + RELAY_WAIT_MS, isProven ? nowMs + STAGGER_MS : 0);
    if (dialling.isRelayNext && nowMs < relayAtMs) {
      dialling.staggerId = deadlines.add(() => this.next(dialling), relayAtMs, dialling);
      return;
    }
    for (let address = dialling.addresses.shift(); address !== undefined; address = dialling.addresses.shift()) {
      if (!this.isSelf(address)) return this.launch(dialling, address);
      dialling.fail(address, new NetworkError('SELF_DIAL', `${address.text}: this node itself`));
    }
  }

  /** The next address waits until `next`. */
  hold(dialling: Dialling): void {
    this.context.deadlines.take(dialling.staggerId);
  }

  /** Addresses have come while others are under way. */
  later(dialling: Dialling): void {
    const { deadlines, nowMs } = this.context;
    dialling.staggerId = deadlines.add(() => this.next(dialling), nowMs + STAGGER_MS, dialling);
  }

  /** The remote of a link was this node: the address is not dialled again for a while. */
  metSelf(dialling: Dialling, { remoteAddress }: Link): void {
    dialling.hasMetSelf = true;
    this.selfAddresses.add(remoteAddress, this.context.nowMs);
  }

  private launch(dialling: Dialling, address: Address): void {
    const { context } = this;
    const link = this.links.addOutgoing(address, dialling.request.attemptId);
    dialling.active.add(link);
    context.metrics.dials.value++;
    context.effect({ type: 'dial', connectionId: link.id, address, socketId: dialling.request.socketId });
    if (dialling.addresses.length > 0) this.later(dialling);
  }

  private isSelf(address: Address): boolean {
    const { addresses, options, nowMs } = this.context;
    const text = plainText(address);
    const own = [...addresses, ...options.announce].filter((place) => !isResolved(place));
    return own.some((place) => place.text === text) || this.selfAddresses.has(text, nowMs);
  }
}

function plainText(address: Address): string {
  return address.withNodeId(undefined).text;
}
