/**
 * @module Runner: between a `Network` and the world, and the only file of the core that meets real time. Transport events become
 * inputs; effects become transport calls, once per turn of the event loop or at once when a full record waits; one timer wakes the
 * network at its next deadline. The simulator drives the same runner with virtual ports.
 */
import type { Address } from '../address/address.js';
import type { NodeEventName, NodeEvents } from '../api/events.js';
import type { Clock, Logger, Timers } from '../api/ports.js';
import type { Dial, LinkSink, Listener, ListenerSink, Transport, TransportLink } from '../api/transport.js';
import type { Effect, Input } from '../engine/context.js';
import type { Network } from '../engine/network.js';
import { NetworkError } from '../errors.js';

/** Between two log lines about channels that were closed unread. */
const REFUSED_LOG_MS = 60_000;

export interface RunnerOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly transports: () => readonly Transport[];
  /** Hears what the network tells, after the step that told it. */
  readonly onEvent: <Name extends NodeEventName>(name: Name, event: NodeEvents[Name]) => void;
}

export class Runner {
  /** Set right after construction, because the network's options hold this runner's `enter`. */
  network!: Network;

  private readonly links = new Map<number, TransportLink>();
  private readonly dials = new Map<number, Dial>();
  private readonly listeners = new Set<Listener>();
  /** What rejects a `listen` that is not answered yet. */
  private readonly unopened = new Set<(error: NetworkError) => void>();
  private readonly inputs: Input[] = [];
  private readonly events: { readonly name: NodeEventName; readonly event: never }[] = [];
  private isFlushPlanned = false;
  private isFlushing = false;
  private isDead = false;
  private wakeMs = Number.POSITIVE_INFINITY;
  private cancelWake: (() => void) | undefined;
  private onQuiet: (() => void) | undefined;
  private refusedCount = 0;
  private refusedSilentUntilMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: RunnerOptions) {}

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

  /** Takes an input; during a step it waits until that one is over. */
  step(input: Input): void {
    if (this.isDead) return;
    this.inputs.push(input);
    if (this.network.isStepping) return;
    for (let next = this.inputs.shift(); next !== undefined; next = this.inputs.shift()) this.stepOnce(next);
    this.tellEvents();
    if (this.network.hasFullRecord) this.flush();
    this.plan();
  }

  /** Opens a listener; resolves with what is bound. */
  listen(address: Address): Promise<readonly Address[]> {
    return new Promise((resolve, reject) => {
      const sink: ListenerSink = {
        onListening: (addresses) => {
          this.unopened.delete(reject);
          this.step({ type: 'listening', addresses });
          resolve(addresses);
        },
        onAccepted: (link) => this.accepted(link),
        onRefused: (reason) => this.refused(address, reason),
        onFailed: (error) => {
          this.unopened.delete(reject);
          this.options.onEvent('listen-failed', { address, error });
          reject(error);
        },
      };
      this.listeners.add(this.transportFor(address).listen(address, sink));
      this.unopened.add(reject);
    });
  }

  /** Stops accepting, says goodbye to everybody, and ends when all channels are closed, or cut after `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    for (const listener of this.listeners) listener.close();
    this.listeners.clear();
    this.step({ type: 'stop' });
    this.flush();
    this.plan();
    await this.untilQuiet(timeoutMs);
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

  /** Ends everything at once and in silence, as a crash would. */
  kill(): void {
    this.isDead = true;
    this.cancelWake?.();
    for (const listener of this.listeners) listener.close();
    for (const reject of this.unopened) reject(new NetworkError('NOT_STARTED', 'the node was stopped before it listened'));
    for (const dial of this.dials.values()) dial.cancel();
    for (const link of [...this.links.values()]) link.destroy();
    this.links.clear();
    this.dials.clear();
    this.listeners.clear();
    this.unopened.clear();
  }

  private stepOnce(input: Input): void {
    const { network } = this;
    const { clock, log } = this.options;
    const beganMs = clock.nowMs();
    try {
      network.step(input, beganMs);
    } catch (cause) {
      this.engineFailed(input.type, cause);
    }
    const heldMs = clock.nowMs() - beganMs;
    if (heldMs > network.limits.slowCallbackMs)
      log.warn({ heldMs, input: input.type, ...network.callbacks.last }, 'event loop was held up');
  }

  private engineFailed(callback: string, cause: unknown): void {
    this.options.log.error({ err: cause, input: callback }, 'engine failed');
    this.emit('fault', { behavior: 'engine', serviceId: 0, callback, cause, isFatal: false });
  }

  private tellEvents(): void {
    for (let next = this.events.shift(); next !== undefined; next = this.events.shift()) this.options.onEvent(next.name, next.event);
  }

  /** A flush at the end of this turn if anything waits, and a timer for the next deadline. */
  private plan(): void {
    if (this.network.hasEffects && !this.isFlushPlanned) {
      this.isFlushPlanned = true;
      this.options.timers.endOfTurn(() => this.flushPlanned());
    }
    this.planWake();
  }

  private flushPlanned(): void {
    this.isFlushPlanned = false;
    if (this.isDead) return;
    this.flush();
    this.plan();
    this.network.idle();
  }

  private planWake(): void {
    const dueMs = this.network.nextDueMs;
    if (dueMs >= this.wakeMs || this.isDead) return;
    this.cancelWake?.();
    this.wakeMs = dueMs;
    this.cancelWake = this.options.timers.after(Math.max(0, dueMs - this.options.clock.nowMs()), () => this.wake());
  }

  private wake(): void {
    this.wakeMs = Number.POSITIVE_INFINITY;
    this.cancelWake = undefined;
    this.step({ type: 'time' });
  }

  /** Not within a step, whose lanes may yet be cut back, nor within itself, which would change the order of writes. */
  private flush(): void {
    if (this.isFlushing || this.network.isStepping) return;
    this.isFlushing = true;
    try {
      for (const effect of this.network.flush(this.options.clock.nowMs())) this.tryToPerform(effect);
    } catch (cause) {
      this.engineFailed('flush', cause);
    } finally {
      this.isFlushing = false;
    }
  }

  private tryToPerform(effect: Effect): void {
    const { connectionId } = effect;
    try {
      this.perform(effect);
    } catch (thrown) {
      const cause = failureOf(thrown);
      if (effect.type === 'dial') return this.step({ type: 'dial-failed', connectionId, error: cause });
      const link = this.links.get(connectionId);
      this.links.delete(connectionId);
      this.step({ type: 'closed', connectionId, cause });
      if (effect.type !== 'destroy') link?.destroy();
    }
  }

  private perform(effect: Effect): void {
    const { connectionId } = effect;
    switch (effect.type) {
      case 'write':
        return this.links.get(connectionId)?.write(effect.chunks);
      case 'dial':
        return this.dial(connectionId, effect.address);
      case 'cancel-dial':
        this.dials.get(connectionId)?.cancel();
        this.dials.delete(connectionId);
        return;
      case 'end':
        return this.links.get(connectionId)?.end();
      case 'destroy':
        return this.links.get(connectionId)?.destroy();
    }
  }

  private dial(connectionId: number, address: Address): void {
    const dial = this.transportFor(address).dial(address, {
      onConnected: (link) => this.connected(connectionId, link),
      onFailed: (error) => {
        this.dials.delete(connectionId);
        this.step({ type: 'dial-failed', connectionId, error });
      },
    });
    this.dials.set(connectionId, dial);
  }

  private connected(connectionId: number, link: TransportLink): LinkSink {
    const { kind, remoteAddress, localAddress } = link;
    this.dials.delete(connectionId);
    this.links.set(connectionId, link);
    this.step({ type: 'connected', connectionId, kind, remoteAddress, localAddress });
    return this.sinkOf(connectionId);
  }

  private accepted(link: TransportLink): LinkSink | undefined {
    if (this.isDead || this.network.isStopping) return undefined;
    const { kind, remoteAddress, localAddress } = link;
    const connectionId = this.network.reserveConnectionId();
    this.links.set(connectionId, link);
    this.step({ type: 'accepted', connectionId, kind, remoteAddress, localAddress });
    return this.sinkOf(connectionId);
  }

  /** Nobody sees these channels; a line a minute tells the operator. */
  private refused(address: Address, reason: 'full' | 'system'): void {
    const { log, clock } = this.options;
    this.network.metrics.refusedChannels.value++;
    this.refusedCount++;
    if (clock.nowMs() < this.refusedSilentUntilMs) return;
    this.refusedSilentUntilMs = clock.nowMs() + REFUSED_LOG_MS;
    log.warn({ address: address.text, reason, count: this.refusedCount }, 'incoming channels are refused');
    this.refusedCount = 0;
  }

  private sinkOf(connectionId: number): LinkSink {
    return {
      onBytes: (bytes) => this.step({ type: 'bytes', connectionId, bytes }),
      onWritten: (byteCount) => this.step({ type: 'written', connectionId, byteCount }),
      onClosed: (cause) => {
        this.links.delete(connectionId);
        this.step({ type: 'closed', connectionId, cause });
        if (this.links.size === 0) this.onQuiet?.();
      },
    };
  }

  private async untilQuiet(timeoutMs: number): Promise<void> {
    if (this.links.size === 0) return;
    await this.within(timeoutMs, (done) => {
      this.onQuiet = done;
    });
  }

  private transportFor({ scheme, text }: Address): Transport {
    const transport = this.options.transports().find(({ schemes }) => schemes.includes(scheme));
    if (transport !== undefined) return transport;
    throw new NetworkError('SCHEME_UNKNOWN', `no transport serves ${scheme}://`, { details: { address: text } });
  }
}

function failureOf(thrown: unknown): NetworkError {
  if (thrown instanceof NetworkError) return thrown;
  return new NetworkError('TRANSPORT_FAILED', 'the transport threw; the cause has it', { cause: thrown });
}
