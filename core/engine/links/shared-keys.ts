/**
 * @module SharedKeys: two processes with one key displace each other all the time, until links are refused for it (`duplicates.ts`). The log
 * has that once, on both sides, and once that it is over.
 */
import { type NodeId, shortId } from '../../address/node-id.js';
import type { CloseReason } from '../../errors.js';
import { Conditions } from '../../structures/conditions.js';
import { EngineTimers } from '../engine-timers.js';
import type { Link } from './link.js';
import type { LinkObserver } from './link-observer.js';

/** Longer than the waits of two processes that go on dialling. */
const QUIET_MS = 180_000;
const KEYS_MAX = 64;

export class SharedKeys extends EngineTimers implements LinkObserver {
  private readonly conditions = new Conditions<SharedKeys, NodeId, string>({
    afterMs: 0,
    quietMs: QUIET_MS,
    sizeMax: KEYS_MAX,
    onLasting: (_, key, { facts }) => this.log.warn({ ...this.fieldsOf(key), address: facts }, 'two processes seem to use one key'),
    onOver: (_, key) => this.log.warn(this.fieldsOf(key), 'a key seems to be used by one process again'),
  });

  /** That one open link replaces another one is common; where the key is known to be shared, it shows that it still is. */
  ended({ nodeId, hasOpened, remoteAddress }: Link, { code, by }: CloseReason): void {
    if (nodeId === undefined) return;
    const key = by === 'local' ? nodeId : this.context.self;
    const isReplaced = code === 'duplicate' && hasOpened;
    if (code === 'duplicate-identity' || (isReplaced && this.conditions.has(key))) this.conditions.happened(this, key, remoteAddress.text);
  }

  private get log() {
    return this.context.options.log;
  }

  private fieldsOf(key: NodeId) {
    return { key: shortId(key), isOwn: key === this.context.self };
  }
}
