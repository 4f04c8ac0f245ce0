/**
 * @module Options of one published topic.
 */
import { callable, fallback, oneOf, optional, options, optionsReader, whole } from '../../../core/schema/index.js';
import type { BeforeLink } from '../host.js';

const DAY_MS = 86_400_000;

/** How a topic is published. Of several intents of one topic, those of the first hold. */
export interface PublishOptions {
  /** `mesh` by default: subscribers anywhere. `neighbours`: only those at the other end of a connection, with no meeting place. */
  readonly scope?: 'mesh' | 'neighbours';
  /** The last messages that are kept for those who come later, or miss some. None by default; at most 65,536, and 4 MiB. */
  readonly keep?: number;
  /** They are kept no longer than that. A day by default. */
  readonly keepMs?: number;
  /** Messages that a group, or a subscriber that confirms, may leave unconfirmed: then `send` is held back. 1,024 by default, at most 65,536; and 4 MiB. */
  readonly unconfirmedMax?: number;
  /**
   * Asked before the topic goes to a node: to a neighbour that wants it, perhaps for others behind it; to a subscriber that confirms; and to this node. What it does not
   * answer with true is refused as `forbidden`.
   */
  readonly beforeLink?: BeforeLink;
}

export type PublishSettings = ReturnType<typeof readPublishOptions>;

/** Throws `OPTION_INVALID`, naming the options. */
export const readPublishOptions = optionsReader(
  'publish',
  options({
    scope: fallback(oneOf('mesh', 'neighbours'), 'mesh'),
    keep: fallback(whole(0, 65_536), 0),
    keepMs: fallback(whole(1, DAY_MS), DAY_MS),
    unconfirmedMax: fallback(whole(1, 65_536), 1_024),
    beforeLink: optional(callable<BeforeLink>()),
  }),
);
