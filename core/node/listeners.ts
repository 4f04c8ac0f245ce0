/**
 * @module Listeners: who listens to the events of a node. A listener that throws, or whose promise is rejected, is reported and harms nobody;
 * without a listener nothing happens.
 */

import type { NodeEventName, NodeEvents } from '../api/events.js';
import { requireFunction, requireName } from '../engine/behaviors/arguments.js';
import { Callbacks } from '../structures/callbacks.js';

const NAMES = Object.keys({
  connected: 1,
  path: 1,
  disconnected: 1,
  'dial-failed': 1,
  refused: 1,
  fault: 1,
  dropped: 1,
  lost: 1,
  listening: 1,
  reachability: 1,
  'listen-failed': 1,
  'behavior-stopped': 1,
} satisfies Record<NodeEventName, 1>);

export class Listeners {
  private readonly byName = new Map<NodeEventName, Callbacks<never>>();

  constructor(private readonly onFailed: (name: NodeEventName, cause: unknown) => void) {}

  /** Calls the listener for an event until the returned function is called. */
  on<Name extends NodeEventName>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    requireName('on: event', name, NAMES);
    requireFunction('on: listener', listener);
    const listeners = this.byName.get(name) ?? new Callbacks<never>();
    this.byName.set(name, listeners);
    return listeners.add(listener);
  }

  readonly emit = <Name extends NodeEventName>(name: Name, event: NodeEvents[Name]): void => {
    this.byName.get(name)?.call(event as never, (cause) => this.onFailed(name, cause));
  };
}
