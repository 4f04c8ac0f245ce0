/**
 * @module Ticker: calls `onTick` of the behaviours and handlers that override it, every `tickMs`, behaviours first, by ascending
 * service id and connection id.
 */
import type { EngineContext } from '../context.js';
import type { BehaviorTable } from './behavior-table.js';
import type { Callbacks } from './callbacks.js';
import type { HandlerSlot } from './owner.js';

export class Ticker {
  /** `handlers`: those of all links, by ascending connection id and service id. */
  constructor(
    private readonly context: EngineContext,
    private readonly callbacks: Callbacks,
    private readonly behaviors: BehaviorTable,
    private readonly handlers: () => Iterable<HandlerSlot>,
  ) {}

  start(): void {
    const { deadlines, nowMs, options } = this.context;
    deadlines.add(() => this.tick(), nowMs + options.tickMs);
  }

  private tick(): void {
    if (this.context.isStopping) return;
    this.start();
    const { nowMs } = this.context;
    for (const slot of this.behaviors.all) {
      if (!slot.isTicking) continue;
      const intervalMs = nowMs - slot.lastTickMs;
      slot.lastTickMs = nowMs;
      this.callbacks.run(slot, 'onTick', () => slot.instance.onTick(slot.agent, nowMs, intervalMs));
    }
    if (!this.behaviors.all.some(({ hasTickingHandlers }) => hasTickingHandlers)) return;
    for (const slot of this.handlers()) if (slot.isTicking && slot.isOpened) this.tickHandler(slot);
  }

  private tickHandler(slot: HandlerSlot): void {
    const { nowMs } = this.context;
    const intervalMs = nowMs - slot.lastTickMs;
    slot.lastTickMs = nowMs;
    this.callbacks.run(slot, 'onTick', () => slot.handler.onTick(slot.agent, nowMs, intervalMs));
  }
}
