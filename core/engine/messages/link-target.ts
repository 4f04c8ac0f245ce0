/**
 * @module LinkTarget: a link with what does not change between the messages of one owner to it: the header, written once, and the lane. For
 * those who send many small messages, perhaps the same ones over several links.
 */
import type { SendTarget } from '../../api/agent.js';
import { FIXED_HEADER_BYTES, type HeaderDraft } from '../../wire/message.js';
import type { Sending } from '../behaviors/owner.js';
import type { Lane } from '../links/lane.js';
import type { Link } from '../links/link.js';

export class LinkTarget implements SendTarget {
  readonly serviceId: number;
  readonly streamId: number;
  readonly isUnreliable: boolean;
  /** Of a direct message without an extension. */
  readonly header = new Uint8Array(FIXED_HEADER_BYTES);

  constructor(
    readonly owner: Sending,
    readonly connectionId: number,
    /** `undefined`: there is no such link any more. */
    readonly link: Link | undefined,
    readonly lane: Lane | undefined,
    draft: HeaderDraft,
  ) {
    this.serviceId = draft.serviceId;
    this.streamId = draft.streamId;
    this.isUnreliable = draft.isUnreliable;
    draft.write(this.header, 0);
  }
}
