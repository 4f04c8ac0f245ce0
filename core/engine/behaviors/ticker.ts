/**
 * @module Ticker: calls `onTick` of the behaviours and handlers that override it, every `tickMs`, behaviours first, by ascending
 * service id and connection id.
 */
import type { Engine } from '../engine.js';
import type { HandlerSlot } from './owner.js';

export class Ticker {
  constructor(private readonly engine: Engine) {}

  start(): void {
    const { deadlines, nowMs, options } = this.engine;
    deadlines.add(() => this.tick(), nowMs + options.tickMs);
  }

  private tick(): void {
    if (this.engine.isStopping) return;
    this.start();
    const { callbacks, nowMs } = this.engine;
    for (const slot of this.engine.behaviors.all) {
      if (!slot.isTicking) continue;
      const intervalMs = nowMs - slot.lastTickMs;
      slot.lastTickMs = nowMs;
      callbacks.run(slot, 'onTick', () => slot.instance.onTick(slot.agent, nowMs, intervalMs));
    }
    for (const link of this.engine.links.all)
      for (const slot of link.handlers) if (slot?.isTicking === true && slot.isOpened) this.tickHandler(slot);
  }

  private tickHandler(slot: HandlerSlot): void {
    const { callbacks, nowMs } = this.engine;
    const intervalMs = nowMs - slot.lastTickMs;
    slot.lastTickMs = nowMs;
    callbacks.run(slot, 'onTick', () => slot.handler.onTick(slot.agent, nowMs, intervalMs));
  }
}
