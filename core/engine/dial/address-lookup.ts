/**
 * @module AddressLookup: asks every `AddressSource` of this node for the addresses of another one. What is known at once is returned; what
 * comes later, within `addressLookupMs`, is passed on. It dials nothing.
 */
import { Address } from '../../address/address.js';
import type { NodeId } from '../../address/node-id.js';
import { NetworkError } from '../../errors.js';
import type { BehaviorTable } from '../behaviors/behavior-table.js';
import type { Callbacks } from '../behaviors/callbacks.js';
import type { BehaviorSlot } from '../behaviors/owner.js';
import type { EngineContext } from '../context.js';

export interface FoundAddresses {
  readonly addresses: readonly Address[];
  /** Nobody is waited for any more. */
  readonly isComplete: boolean;
}

export class AddressLookup {
  constructor(
    private readonly context: EngineContext,
    private readonly callbacks: Callbacks,
    private readonly behaviors: BehaviorTable,
  ) {}

  /** `onFound` is called for what comes later. The wait ends with its owner. */
  start(nodeId: NodeId, owner: object, onFound: (found: FoundAddresses) => void): FoundAddresses {
    const { deadlines, nowMs, limits } = this.context;
    const waiting = new Set<BehaviorSlot>();
    const addresses = this.behaviors.all.flatMap((slot) => this.ask(slot, nodeId, waiting, onFound));
    const giveUp = () => {
      if (waiting.size === 0) return;
      waiting.clear();
      onFound({ addresses: [], isComplete: true });
    };
    if (waiting.size > 0) deadlines.add(giveUp, nowMs + limits.addressLookupMs, owner);
    return { addresses, isComplete: waiting.size === 0 };
  }

  private ask(
    slot: BehaviorSlot,
    nodeId: NodeId,
    waiting: Set<BehaviorSlot>,
    onFound: (found: FoundAddresses) => void,
  ): readonly Address[] {
    const source = slot.ports.addressSource;
    if (source === undefined) return [];
    const answered = (given: unknown) => {
      if (waiting.delete(slot)) onFound({ addresses: this.checked(slot, nodeId, given), isComplete: waiting.size === 0 });
    };
    const settle = (given: unknown) => this.context.options.enter(() => this.context.enqueue({ run: () => answered(given) }));
    const outcome = this.callbacks.ask(slot, 'addressesOf', () => source.addressesOf(slot.agent, nodeId, settle));
    if (outcome === undefined) return [];
    if (outcome.answer !== undefined) return this.checked(slot, nodeId, outcome.answer);
    waiting.add(slot);
    return [];
  }

  /** The remote at one of them must be the node. */
  private checked(slot: BehaviorSlot, nodeId: NodeId, given: unknown): readonly Address[] {
    if (Array.isArray(given) && given.every((address) => address instanceof Address))
      return given.map((address) => address.withNodeId(nodeId));
    this.callbacks.fault(slot, 'addressesOf', new NetworkError('ARGUMENT_INVALID', 'addressesOf must give a list of addresses'));
    return [];
  }
}
