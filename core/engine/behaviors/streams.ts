/**
 * @module Streams: streams of the application, opened by the behaviour that fills the port `streamOpener`; and the other end, streams that such a
 * behaviour hands to `onStream` or to an `@OnStream` method of this node.
 */
import type { BehaviorAgent } from '../../api/agent.js';
import { streamMethodOf } from '../../api/descriptor.js';
import { NetworkBehavior } from '../../api/network-behavior.js';
import type { ByteStream, IncomingStream, StreamOpener } from '../../api/stream.js';
import { NetworkError } from '../../errors.js';
import { onRejected } from '../../structures/rejection.js';
import type { EngineContext } from '../context.js';
import type { BehaviorObserver, BehaviorTable } from './behavior-table.js';
import type { Callbacks } from './callbacks.js';
import type { BehaviorSlot } from './owner.js';

export class Streams implements BehaviorObserver {
  constructor(
    private readonly context: EngineContext,
    private readonly callbacks: Callbacks,
    private readonly behaviors: BehaviorTable,
  ) {}

  /** Runs work as a callback of the behaviour that opens streams; what it throws comes out. Throws `STREAMS_ABSENT`. */
  withOpener<T>(work: (opener: StreamOpener, agent: BehaviorAgent) => T): T {
    const slot = this.behaviors.filling('streamOpener');
    const opener = slot?.ports.streamOpener;
    if (slot === undefined || opener === undefined)
      throw new NetworkError('STREAMS_ABSENT', 'no behaviour of this node opens byte streams');
    return this.callbacks.perform(slot, (agent) => work(opener, agent));
  }

  /** Why no service would take a stream. */
  check(serviceId: number): string | undefined {
    const slot = this.behaviors.at(serviceId);
    if (slot === undefined || slot.isEnded) return 'no such service';
    const isTaken = slot.instance.onStream !== NetworkBehavior.prototype.onStream || streamMethodOf(slot.instance) !== undefined;
    return isTaken ? undefined : 'the service takes no streams';
  }

  deliver(incoming: IncomingStream): void {
    const refusal = this.check(incoming.serviceId);
    if (refusal !== undefined) return incoming.refused(refusal);
    const slot = this.behaviors.at(incoming.serviceId) as BehaviorSlot;
    const method = streamMethodOf(slot.instance);
    if (method !== undefined) this.toMethod(slot, method, incoming);
    else this.toHook(slot, incoming);
  }

  /** A behaviour has ended, and with it the streams that it has taken. */
  left(slot: BehaviorSlot): void {
    const opener = this.behaviors.filling('streamOpener');
    if (opener === undefined || opener === slot) return;
    for (const serviceId of [slot.serviceId, ...slot.extraServices])
      this.callbacks.run(opener, 'streamOpener', () => opener.ports.streamOpener?.serviceEnded?.(opener.agent, serviceId));
  }

  /** No new streams of other nodes; calls back when none is open any more. */
  drain(settled: () => void): void {
    const slot = this.behaviors.filling('streamOpener');
    const opener = slot?.ports.streamOpener;
    if (slot === undefined || opener?.drain === undefined) return settled();
    this.callbacks.run(slot, 'streamOpener', () => opener.drain?.(slot.agent, settled));
  }

  /** What it throws is a fault, and resets the stream. What the stream itself has failed with is none: remotes must not spend budgets. */
  private toHook(slot: BehaviorSlot, incoming: IncomingStream): void {
    const { stream } = incoming;
    let failure: unknown = incoming;
    onRejected(stream.closed, (cause) => {
      failure = cause;
    });
    const verdict = this.callbacks.ask(
      slot,
      'onStream',
      () => slot.instance.onStream(slot.agent, stream),
      (cause) => cause !== failure,
    );
    if (verdict === undefined) return incoming.failed('the hook has thrown');
    incoming.taken();
    this.watch(verdict.answer, incoming);
  }

  /** What such a method throws is the end of its stream, not a fault: openers must not spend budgets. */
  private toMethod(slot: BehaviorSlot, method: string, incoming: IncomingStream): void {
    const methods = slot.instance as unknown as Record<string, (stream: ByteStream) => unknown>;
    try {
      const result = this.callbacks.perform(slot, () => methods[method]?.(incoming.stream));
      incoming.taken();
      this.watch(result, incoming);
    } catch (cause) {
      incoming.failed(cause);
    }
  }

  private watch(result: unknown, incoming: IncomingStream): void {
    onRejected(result, (cause) => this.context.options.enter(() => incoming.failed(cause)));
  }
}
