/**
 * @module Options of one subscription.
 */
import { NetworkError } from '../../../core/index.js';
import { boolean, callable, fallback, oneOf, optional, options, optionsReader, text, whole } from '../../../core/schema/index.js';
import { CONFIRM_MS_MAX, GROUP_LENGTH_MAX, WINDOW_MAX } from '../confirmed/messages.js';
import type { BeforeLink } from '../host.js';
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
  /**
   * At least once: the publisher keeps each message until it is in this subscription's queue, however paths change. It waits for a queue that is
   * full, and for a subscriber that is gone for a minute. `whenFull` and `history` do not go with it.
   */
  readonly confirm?: boolean;
  /**
   * At least once to one member of the group: the publisher picks it for each message, and another one when it fails, is gone, or takes longer than
   * `confirmMs`. 1 to 64 characters. `waitingMax` is then how many a member has in work: 1 by default, at most 128.
   */
  readonly group?: string;
  /** 60,000 ms by default; at most an hour. */
  readonly confirmMs?: number;
  /**
   * Called for each message as it comes, in a callback of the behaviour; nothing waits then. What it throws is logged. In a group it may return a promise: the
   * message is confirmed when that is fulfilled, and handed back when it is rejected.
   */
  readonly onMessage?: (message: TopicMessage<T>) => unknown;
  /** Called for messages that do not come. Without it they are counted, in `publishers()` and in the counters. */
  readonly onMissed?: (missed: Missed) => void;
  readonly onLostSight?: (lost: LostSight) => void;
  /** Asked before a publisher is followed: with what it does not answer with true the subscription has nothing to do. */
  readonly beforeLink?: BeforeLink;
}

export type SubscribeSettings = { readonly [Name in keyof Required<SubscribeOptions>]: SubscribeOptions[Name] } & Required<
  Pick<SubscribeOptions, 'waitingMax' | 'whenFull' | 'scope' | 'history' | 'confirm' | 'confirmMs'>
>;

const OPTIONS = options({
  waitingMax: optional(whole(1, 65_535)),
  whenFull: optional(oneOf('wait', 'drop-oldest', 'drop-newest', 'latest')),
  scope: fallback(oneOf('mesh', 'neighbours'), 'mesh'),
  history: fallback(whole(0, FILL_MAX), 0),
  confirm: fallback(boolean, false),
  group: optional(text(GROUP_LENGTH_MAX, { min: 1 })),
  confirmMs: fallback(whole(1, CONFIRM_MS_MAX), 60_000),
  onMessage: optional(callable<(message: TopicMessage) => unknown>()),
  onMissed: optional(callable<(missed: Missed) => void>()),
  onLostSight: optional(callable<(lost: LostSight) => void>()),
  beforeLink: optional(callable<BeforeLink>()),
});
const read = optionsReader('subscribe', OPTIONS);

/** Throws `OPTION_INVALID`, naming the options. */
export function readSubscribeOptions(given: unknown): SubscribeSettings {
  const { waitingMax, whenFull, ...rest } = read(given);
  const { confirm, group, history } = rest;
  if ((confirm || group !== undefined) && (whenFull !== undefined || history > 0))
    throw new NetworkError('OPTION_INVALID', 'subscribe: whenFull and history do not go with confirm and group');
  if (group !== undefined && (waitingMax ?? 1) > WINDOW_MAX)
    throw new NetworkError(
      'OPTION_INVALID',
      `subscribe: waitingMax is ${waitingMax}; in a group it must be a whole number from 1 to ${WINDOW_MAX}`,
    );
  return { ...rest, waitingMax: waitingMax ?? (group === undefined ? 256 : 1), whenFull: whenFull ?? 'drop-oldest' };
}
