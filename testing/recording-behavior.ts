/**
 * @module RecordingBehavior: a behaviour that records every hook that is called, with its arguments, in order. A test
 * may define what a hook returns or does besides.
 */

import { BEHAVIOR_HOOKS } from '../core/api/descriptor.js';
import { type BehaviorDescriptor, type ConnectionAgent, type ConnectionEvent, ConnectionHandler, NetworkBehavior } from '../core/index.js';
import { Message } from '../core/wire/message.js';

/** One call of a hook. Handlers' hooks are named `handler.onOpened` and so on. Messages are copied: they outlive their callback. */
export interface RecordedCall {
  readonly hook: string;
  readonly args: readonly unknown[];
}

/** What a recorded message looks like. */
export interface RecordedMessage {
  readonly type: 'message';
  readonly connectionId: number | undefined;
  readonly source: string;
  readonly sourceVerified: boolean;
  readonly fromServiceId: number;
  readonly serviceId: number;
  readonly streamId: number;
  readonly payload: Uint8Array;
  readonly extension: Uint8Array | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: a reaction gets the arguments of its hook, whatever they are
type Reaction = (...args: any[]) => unknown;

export interface RecordingOptions {
  /** 64 by default. */
  readonly serviceId?: number;
  /** `recording` by default; `recording-65` for the service 65. */
  readonly name?: string;
  readonly gate?: boolean;
  /** Whether every connection gets a handler, whose hooks are recorded too. */
  readonly handlers?: boolean;
  /** Whether `onTick` is recorded; a behaviour without it is not ticked. */
  readonly ticks?: boolean;
  /** By the name of a hook: what is done when it is called, and returned. */
  readonly reactions?: Readonly<Record<string, Reaction>>;
}

const CALLS_MAX = 1_000_000;
/** `onTick` is recorded when that is wanted, connections by the hooks of their direction. */
const HOOKS = BEHAVIOR_HOOKS.filter((hook) => !/^on(Tick|Connected|Disconnected)$/.test(hook));
const HANDLER_HOOKS = ['onOpened', 'onEvent', 'onOtherHandlerEvent', 'onBehaviorEvent', 'onClosed'] as const;

export abstract class RecordingBehavior extends NetworkBehavior {
  /** Everything that was called, in order. */
  readonly calls: RecordedCall[] = [];
  readonly #options: RecordingOptions;

  constructor(options: RecordingOptions) {
    super();
    this.#options = options;
  }

  /** The names of the hooks, in order. */
  get hooks(): readonly string[] {
    return this.calls.map(({ hook }) => hook);
  }

  /** The calls of one hook. */
  of(hook: string): readonly RecordedCall[] {
    return this.calls.filter((call) => call.hook === hook);
  }

  /** Every message that came, to the behaviour or to a handler. */
  get messages(): readonly RecordedMessage[] {
    return this.calls
      .filter(({ hook }) => hook === 'onMessage' || hook === 'handler.onEvent')
      .map(({ args }) => args[0] as RecordedMessage | ConnectionEvent)
      .filter((event): event is RecordedMessage => event.type === 'message');
  }

  /** Records a call and returns what the test wants. The agent, the first argument of most hooks, is not recorded. */
  record(hook: string, args: readonly unknown[]): unknown {
    if (this.calls.length >= CALLS_MAX) throw new Error(`${this.name} has recorded ${CALLS_MAX} calls: is there a loop?`);
    const isVote = hook.startsWith('check');
    this.calls.push({ hook, args: (isVote ? args : args.slice(1)).map((arg) => (arg instanceof Message ? copied(arg) : arg)) });
    const result = this.#options.reactions?.[hook]?.(...args);
    const isConnected = /^on(Incoming|Outgoing)ConnectionConnected$/.test(hook);
    return result ?? (isConnected && this.#options.handlers === true ? new RecordingHandler(this) : undefined);
  }
}

class RecordingHandler extends ConnectionHandler {
  constructor(readonly behavior: RecordingBehavior) {
    super();
  }
}

for (const hook of HOOKS) defineHook(RecordingBehavior.prototype, hook);
for (const hook of HANDLER_HOOKS) {
  Object.defineProperty(RecordingHandler.prototype, hook, {
    value(this: RecordingHandler, ...args: [ConnectionAgent, ...unknown[]]) {
      return this.behavior.record(`handler.${hook}`, args);
    },
  });
}

function defineHook(prototype: RecordingBehavior, hook: string): void {
  Object.defineProperty(prototype, hook, {
    value(this: RecordingBehavior, ...args: unknown[]) {
      const result = this.record(hook, args);
      return hook === 'onRpc' ? result === true : result;
    },
  });
}

/** An instance of a class of its own, so that several may run on one node under different service ids. */
export function recordingBehavior(options: RecordingOptions = {}): RecordingBehavior {
  const { serviceId = 64, gate = false } = options;
  const { name = serviceId === 64 ? 'recording' : `recording-${serviceId}` } = options;
  class Recording extends RecordingBehavior {
    static readonly behavior: BehaviorDescriptor = { serviceId, name, gate };
  }
  if (options.ticks === true) defineHook(Recording.prototype, 'onTick');
  return new Recording(options);
}

function copied(message: Message): RecordedMessage {
  const { connectionId, source, sourceVerified, fromServiceId, serviceId, streamId, payload, extension } = message;
  const facts = { connectionId, source, sourceVerified, fromServiceId, serviceId, streamId };
  return { type: 'message', ...facts, payload: payload.slice(), extension: extension?.slice() };
}
