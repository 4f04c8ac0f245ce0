/**
 * @module LinkChannel: what carries the bytes of one link, from the handshake on: a secured stream (`stream-channel.ts`) or secured datagrams
 * (`datagrams/datagram-channel.ts`). Inwards it gives plaintexts, each of which continues one sequence of frames; outwards it seals what
 * waits in the lanes. The pipeline moves the bytes; lanes, admission and everything above know no difference.
 */
import type { LinkKind } from '../../api/transport.js';
import type { ChannelRemote } from '../../security/secure-handshake.js';
import type { NodeMismatch, SecureStreamFailure, SecureStreamState } from '../../security/secure-stream.js';
import type { FrameReader } from '../../wire/frame.js';
import type { Writable } from '../context.js';
import type { Outbox } from './outbox.js';

/** What a channel needs of its link. */
export interface ChannelLink extends Writable {
  readonly id: number;
  readonly outbox: Outbox;
  /** It is or was open. */
  readonly hasOpened: boolean;
  /** What is left in the lanes is the goodbye. */
  readonly isGoodbyeQueued: boolean;
}

export interface LinkChannel {
  readonly kind: LinkKind;
  readonly state: SecureStreamState;
  /** Present once `state` is `failed`, unless it was ended by `wipe`. */
  readonly failure: SecureStreamFailure | undefined;
  /** Present from `secured` on. */
  readonly remote: ChannelRemote | undefined;
  /** Present with the failure `wrong-node`. */
  readonly mismatch: NodeMismatch | undefined;
  /** Complete messages of the handshake that came. */
  readonly messageCount: number;
  /** Where the plaintext that was read last is cut into frames. */
  readonly frames: FrameReader;
  /** What is kept of what came and cannot be read yet. */
  readonly bufferedBytes: number;
  /** Everything that was sealed has left this node's care. */
  readonly isFlushed: boolean;
  /** It has no room for what waits in the lanes, and asks for a flush when it has: one for each message would send nothing. */
  readonly isBlocked: boolean;
  /** The initiator's first message becomes output; the responder answers to it. */
  start(): void;
  /** The next plaintext; `undefined` when there is none for now, or after a failure. */
  read(): Uint8Array | undefined;
  /** Copies what is unread, for a caller that stops before `read` has returned `undefined`. */
  settle(): void;
  /** The plaintext that was read last, and no view of it, is used any more. */
  release(plaintext: Uint8Array): void;
  /** What the handshake has to say and, once secured, what waits in the lanes and has room, as `output`. False when the keys are used up. */
  seal(output: Uint8Array[]): boolean;
  /** Gives the world what was sealed, `byteCount` bytes. */
  send(output: readonly Uint8Array[], byteCount: number): void;
  /** It carries another link from now on, which is open, and of which nothing was taken halfway. */
  carry(link: ChannelLink): void;
  /** Nothing of what was sealed is sent again. Returns how many messages of authors that were, where the channel knows. */
  abandon(): number;
  /** Ends it: keys are overwritten, buffers released. Idempotent. */
  wipe(): void;
}
