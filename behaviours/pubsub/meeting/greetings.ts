/**
 * @module Greetings: what neighbours publish and want, as their handshake carries it: interests, then intents, behind the addresses of the address
 * book. Both sides so know each other's when the connection opens, as if they had been registered by a call. What does not fit is not offered at all, and
 * registered by calls.
 */
import { type BehaviorAgent, type Connection, encodeValue, type HandshakeSection, type NodeId } from '../../../core/index.js';
import type { PubSubCounters } from '../options.js';
import { type DeclaredTopic, greetingValue, readGreeting, type Wish } from './messages.js';

/** The most that a section of a handshake carries. */
const BYTES_MAX = 4_096;
const ITEMS_MAX = 128;

/** What one side declares to a neighbour. */
export interface Declared {
  readonly wishes: readonly Wish[];
  readonly topics: readonly DeclaredTopic[];
}

/** The same of this node, as of a revision of its registrar. */
export interface OwnDeclared extends Declared {
  readonly revision: number;
}

/** Both sides of one connection. */
export interface Greeting {
  readonly own: OwnDeclared;
  readonly remote: Declared;
}

export class Greetings implements HandshakeSection {
  readonly name = 'pubsub';
  /** By connection, until it opens. */
  private readonly sent = new Map<number, OwnDeclared>();
  private readonly received = new Map<number, Declared>();

  constructor(
    private readonly declared: () => OwnDeclared,
    private readonly counters: PubSubCounters,
  ) {}

  offer(_agent: BehaviorAgent, { id }: Connection): unknown {
    const own = this.declared();
    const count = own.wishes.length + own.topics.length;
    if (count > ITEMS_MAX) return {};
    const value = greetingValue(own);
    if (count > 0 && encodeValue(value).length > BYTES_MAX) return {};
    this.sent.set(id, own);
    return value;
  }

  accept(_agent: BehaviorAgent, value: unknown, { id }: Connection): string | undefined {
    const remote = readGreeting(value);
    if (remote === undefined) {
      this.counters.malformed++;
      return 'malformed handshake section pubsub';
    }
    if (remote.isWhole) this.received.set(id, remote);
    return undefined;
  }

  forget(_agent: BehaviorAgent, { id }: Connection): void {
    this.sent.delete(id);
    this.received.delete(id);
  }

  /** The connection has opened. `undefined`: one of both has not declared all. */
  take(id: number): Greeting | undefined {
    const [own, remote] = [this.sent.get(id), this.received.get(id)];
    this.sent.delete(id);
    this.received.delete(id);
    return own && remote && { own, remote };
  }
}

/** Of the topics that a neighbour wants, those that its greeting did not name. */
export function unnamed<T extends { readonly id: NodeId }>(offers: readonly T[], { topics }: Declared): readonly T[] {
  const named = new Set(topics.map(({ id }) => id));
  return offers.filter(({ id }) => !named.has(id));
}
