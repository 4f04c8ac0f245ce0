/**
 * @module Options of one subscription.
 */
import { callable, fallback, oneOf, optional, options, optionsReader, whole } from '../../../core/schema/index.js';
import { FILL_MAX } from './filling.js';
import type { WhenFull } from './inbox.js';
import type { LostSight, Missed, TopicMessage } from './topic-message.js';

/** How far a topic or a subscription reaches. */
export type Scope = 'mesh' | 'neighbours';

/** How a subscription reads, and what happens when it is full. */
export interface SubscribeOptions<T = unknown> {
  /** Messages that may wait for the consumer. 256 by default; 1 to 65,535, and 16 MiB together. */
  readonly waitingMax?: number;
  /** What happens at that bound; `drop-oldest` by default. */
  readonly whenFull?: WhenFull;
  /** `mesh` by default: publishers anywhere. `neighbours`: only those at the other end of a connection, with no meeting place. */
  readonly scope?: Scope;
  /** Messages from before the subscription, of each publisher that keeps some: so many at most. None by default; at most 1,024. */
  readonly history?: number;
  /** Called for each message as it comes, in a callback of the behaviour; nothing waits then. What it throws is logged. */
  readonly onMessage?: (message: TopicMessage<T>) => void;
  /** Called for messages that do not come. Without it they are counted, in `publishers()` and in the counters. */
  readonly onMissed?: (missed: Missed) => void;
  readonly onLostSight?: (lost: LostSight) => void;
}

export type SubscribeSettings = { readonly [Name in keyof Required<SubscribeOptions>]: SubscribeOptions[Name] } & Required<
  Pick<SubscribeOptions, 'waitingMax' | 'whenFull' | 'scope' | 'history'>
>;

/** Throws `OPTION_INVALID`, naming the options. */
export const readSubscribeOptions: (given: unknown) => SubscribeSettings = optionsReader(
  'subscribe',
  options({
    waitingMax: fallback(whole(1, 65_535), 256),
    whenFull: fallback(oneOf('wait', 'drop-oldest', 'drop-newest', 'latest'), 'drop-oldest'),
    scope: fallback(oneOf('mesh', 'neighbours'), 'mesh'),
    history: fallback(whole(0, FILL_MAX), 0),
    onMessage: optional(callable<(message: TopicMessage) => void>()),
    onMissed: optional(callable<(missed: Missed) => void>()),
    onLostSight: optional(callable<(lost: LostSight) => void>()),
  }),
);
