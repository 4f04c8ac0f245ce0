/**
 * @module Runner: between a `Network` and the world, and the only file of the core that meets real time. Transport events become inputs; effects
 * become transport calls, once per turn of the event loop or at once when several full records wait; one timer wakes the network at its next deadline. The
 * simulator drives the same runner with virtual ports.
 */
import type { Address } from '../address/address.js';
import type { NodeEventName, NodeEvents } from '../api/events.js';
import type { Clock, Logger } from '../api/ports.js';
import type { Route } from '../api/routes.js';
import type { Input, NetworkOptions } from '../engine/context.js';
import type { NodeSendOptions } from '../engine/messages/application-sender.js';
import type { Network } from '../engine/network.js';
import type { SendResult } from '../errors.js';
import { Channels, type ChannelsOptions } from './channels.js';
import { leaveRelayed } from './stopping.js';

/** Work that gathers in a turn waits for its end, unless the turn takes longer. */
const TURN_MS = 5;

export interface RunnerOptions extends Pick<ChannelsOptions, 'timers' | 'transports' | 'datagrams'> {
  readonly clock: Clock;
  readonly log: Logger;
  /** Gets the network's events, after the step that emitted them. */
  readonly onEvent: <Name extends NodeEventName>(name: Name, event: NodeEvents[Name]) => void;
}

export class Runner {
  /** Set right after construction, because the network's options hold this runner's `enter`. */
  network!: Network;
  /** Ends a drain, if there is one. */
  cutDrain: () => void = () => {};
  private readonly channels: Channels;
  private readonly inputs: Input[] = [];
  private readonly events: { readonly name: NodeEventName; readonly event: never }[] = [];
  /** When the first work of this turn began that waits for its end; `Infinity`: none does. */
  private turnMs = Number.POSITIVE_INFINITY;
  private isFlushing = false;
  private isDead = false;
  private wakeMs = Number.POSITIVE_INFINITY;
  private cancelWake: (() => void) | undefined;
  private letProcessEnd: (() => void) | undefined;

  /** How the network reaches its runner. */
  get entries(): Pick<NetworkOptions, 'enter' | 'perform' | 'performInTurn' | 'emit'> {
    const performInTurn = <A, B, T>(work: (first: A, second: B) => T, first: A, second: B) => this.performInTurn(work, first, second);
    return { enter: this.enter, emit: this.emit, perform: (work) => this.perform(work), performInTurn };
  }

  constructor(private readonly options: RunnerOptions) {
    this.channels = new Channels(options, this);
  }

  /** Collects events until the step is over: a listener may call the node. */
  readonly emit = <Name extends NodeEventName>(name: Name, event: NodeEvents[Name]): void => {
    if (this.isDead) this.options.onEvent(name, event);
    else this.events.push({ name, event: event as never });
  };

  /** Runs work inside a step: at once, also from within a callback. */
  readonly enter = (work: () => void): void => {
    if (this.network.isStepping) work();
    else this.step({ type: 'work', work });
  };

  /**
   * Runs work of the application inside a step, at once, also from within a callback; returns and throws what the work does. The time that
   * the work takes is its caller's: only for what it has set off is the clock read a second time.
   */
  perform<T>(work: () => T): T {
    if (this.network.isStepping) return work();
    const beganMs = this.options.clock.nowMs();
    this.begin(beganMs, beganMs < this.turnMs + TURN_MS ? this.turnMs : undefined);
    return this.ending(beganMs, work, undefined, undefined);
  }

  /** A message of the application, at the time of this turn. */
  send(route: Route, serviceId: number, payload: unknown, options: NodeSendOptions | undefined): SendResult {
    const { application } = this.network.parts;
    if (this.network.isStepping) return application.send(route, serviceId, payload, options);
    const nowMs = this.beginInTurn();
    try {
      return application.send(route, serviceId, payload, options);
    } finally {
      this.end(nowMs);
    }
  }

  /** As `perform`, at the time of this turn. */
  performInTurn<A, B, T>(work: (first: A, second: B) => T, first: A, second: B): T {
    return this.network.isStepping ? work(first, second) : this.ending(this.beginInTurn(), work, first, second);
  }

  /** Takes an input; during a step it waits until that one is over. */
  step(input: Input): void {
    if (this.isDead) return;
    if (this.network.isStepping) return void this.inputs.push(input);
    this.stepOnce(input);
    this.settle();
  }

  /** Keeps the process alive until `release`. Idempotent. */
  keepAlive(): void {
    this.letProcessEnd ??= this.options.timers.keepAlive?.();
  }

  release(): void {
    this.letProcessEnd?.();
    this.letProcessEnd = undefined;
  }

  /** Throws `SCHEME_UNKNOWN` for an address that no transport serves. */
  requireTransport(address: Address): void {
    this.channels.transportFor(address);
  }

  /** Opens a listener; resolves with what is bound. */
  listen(address: Address): Promise<readonly Address[]> {
    return this.channels.listen(address);
  }

  /**
   * Nothing new from outside: stops accepting, withdraws services, refuses requests and streams. Ends when no call is in work and no stream is
   * open any more, after `timeoutMs`, or when it is cut.
   */
  drain(timeoutMs: number): Promise<void> {
    const { behaviors, calls, streams } = this.network.parts;
    this.channels.stopListening();
    return this.within(timeoutMs, (done) => {
      this.cutDrain = done;
      this.enter(() => {
        behaviors.withdraw();
        // Calls in work may need streams of their own.
        streams.drain(() => {});
        calls.drain(() => streams.drain(done));
      });
    });
  }

  /** Stops accepting, says goodbye to everybody, first over what other links carry, and ends when all channels are closed, or cut after `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    this.channels.stopListening();
    this.enter(() => leaveRelayed(this.network.links));
    this.flush();
    this.step({ type: 'stop' });
    this.flush();
    this.plan();
    await this.within(timeoutMs, (done) => this.channels.whenQuiet(done));
    this.kill();
    // What was closed just now is really gone at the end of the turn after this one.
    for (let turns = 0; turns < 2; turns++) await new Promise<void>((resolve) => this.options.timers.endOfTurn(resolve));
  }

  /** Resolves when `begin` calls back, or takes too long. */
  within(timeoutMs: number, begin: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.options.timers.after(timeoutMs, resolve);
      begin(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Ends at once and in silence: nothing is flushed, no input is taken any more, and channels are cut. */
  kill(): void {
    this.isDead = true;
    this.cancelWake?.();
    this.channels.kill();
  }

  private stepOnce(input: Input): void {
    const beganMs = this.options.clock.nowMs();
    this.begin(beganMs);
    try {
      this.network.take(input);
    } catch (cause) {
      this.engineFailed(input.type, cause);
    }
    this.finish();
    this.warnIfSlow(input.type, beganMs);
  }

  /** Work that is due does not belong to the caller of this step, so it runs apart. What fell due since `turnMs` waits for the end of the turn. */
  private begin(nowMs: number, turnMs = Number.POSITIVE_INFINITY): void {
    const { nextDueMs } = this.network;
    try {
      if (nowMs < nextDueMs || nextDueMs >= turnMs) this.network.begin(nowMs, false);
      else this.apart(() => this.network.begin(nowMs));
    } catch (cause) {
      this.engineFailed('time', cause);
    }
  }

  private ending<A, B, T>(beganMs: number, work: (first: A, second: B) => T, first: A, second: B): T {
    try {
      return work(first, second);
    } finally {
      this.end(beganMs);
    }
  }

  /** Begins a step at the time of this turn's first work. That lags behind the clock no more than it does in a callback; what is due meanwhile is late. */
  private beginInTurn(): number {
    if (this.turnMs < Number.POSITIVE_INFINITY) this.network.isStepping = true;
    else this.begin(this.options.clock.nowMs());
    return this.network.nowMs;
  }

  private end(beganMs: number): void {
    const { hasActions } = this.network;
    this.finish();
    if (hasActions) this.warnIfSlow('work', beganMs);
    this.settle();
  }

  private finish(): void {
    try {
      this.network.end();
    } catch (cause) {
      this.engineFailed('work', cause);
    }
  }

  private warnIfSlow(input: Input['type'], beganMs: number): void {
    const { limits, callbacks } = this.network;
    const heldMs = this.options.clock.nowMs() - beganMs;
    if (heldMs > limits.slowCallbackMs) this.options.log.warn({ heldMs, input, ...callbacks.last }, 'event loop was held up');
  }

  /** A step is over: the next inputs, then what follows for the world. */
  private settle(): void {
    if (this.inputs.length > 0 || this.events.length > 0) this.apart(() => this.settleAll());
    if (this.network.isFlushUrgent) this.flush();
    this.plan();
  }

  private settleAll(): void {
    while (this.inputs.length > 0) this.stepOnce(this.inputs.shift() as Input);
    for (let next = this.events.shift(); next !== undefined; next = this.events.shift()) this.options.onEvent(next.name, next.event);
  }

  private apart(work: () => void): void {
    const { timers } = this.options;
    if (timers.apart === undefined) work();
    else timers.apart(work);
  }

  private engineFailed(callback: string, cause: unknown): void {
    this.options.log.error({ err: cause, input: callback }, 'engine failed');
    this.emit('fault', { behavior: 'engine', serviceId: 0, callback, cause, isFatal: false });
  }

  /** What the end of this turn brings, if anything waits for it, and a timer for the next deadline. */
  private plan(): void {
    const { nextDueMs, nowMs, isTurnUsed } = this.network;
    if ((nextDueMs <= nowMs || isTurnUsed) && this.turnMs === Number.POSITIVE_INFINITY) {
      this.turnMs = nowMs;
      this.options.timers.endOfTurn(() => this.flushPlanned());
    }
    if (nextDueMs > nowMs) this.planWake(nextDueMs);
  }

  /** What is due by now needs no timer: it is done when the turn ends, once, before what it sends is flushed with all else. */
  private flushPlanned(): void {
    if (this.network.nextDueMs <= this.network.nowMs) this.step({ type: 'time' });
    this.turnMs = Number.POSITIVE_INFINITY;
    if (this.isDead) return;
    this.flush();
    this.network.idle();
    if (this.network.nextTurn()) this.step({ type: 'turn' });
    else this.plan();
  }

  private planWake(dueMs: number): void {
    if (dueMs >= this.wakeMs || this.isDead) return;
    this.cancelWake?.();
    this.wakeMs = dueMs;
    this.cancelWake = this.options.timers.after(Math.max(0, dueMs - this.options.clock.nowMs()), () => this.wake());
  }

  private wake(): void {
    this.network.metrics.loopDelay.record(Math.max(0, this.options.clock.nowMs() - this.wakeMs));
    this.wakeMs = Number.POSITIVE_INFINITY;
    this.cancelWake = undefined;
    this.step({ type: 'time' });
  }

  /** Not within a step, whose lanes may yet be cut back, nor within itself, which would change the order of writes. */
  private flush(): void {
    if (this.isFlushing || this.network.isStepping) return;
    this.isFlushing = true;
    try {
      for (const effect of this.network.flush(this.options.clock.nowMs())) this.channels.carryOut(effect);
    } catch (cause) {
      this.engineFailed('flush', cause);
    } finally {
      this.isFlushing = false;
    }
  }
}
