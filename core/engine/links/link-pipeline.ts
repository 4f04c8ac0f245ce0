/**
 * @module LinkPipeline: the bytes of one link, in and out. In: secure channel, records, frames, one message at a time to `delivery.ts`.
 * Out: what the handshake has to say, then the lanes sealed into records, then, for a closing link, the goodbye.
 */

import type { CloseCode } from '../../errors.js';
import type { SecureStream } from '../../security/secure-stream.js';
import type { Engine } from '../engine.js';
import type { Link } from './link.js';

/** A chunk of the channel. The bytes are the transport's: what is kept is copied. */
export function receiveBytes(engine: Engine & { drain(): void }, link: Link, bytes: Uint8Array): void {
  const { secure } = link;
  if (secure === undefined || link.isOver) return;
  link.lastReceivedMs = engine.nowMs;
  engine.metrics.bytesReceived.value += bytes.length;
  secure.push(bytes);
  for (;;) {
    const plaintext = secure.read();
    if (link.phase === 'securing') secured(engine, link, secure);
    if (plaintext === undefined || link.isOver) break;
    receivePlaintext(engine, link, plaintext);
    if (link.isOver) return;
  }
  if (secure.state === 'failed') return engine.links.close(link, secure.failure as CloseCode, 'the secure channel failed');
  secure.settle();
}

/** Writes what the link has to write, as far as its window allows. */
export function writeLink(engine: Engine, link: Link): void {
  const { secure, outbox } = link;
  if (secure === undefined || link.phase === 'closed') return;
  const chunks: Uint8Array[] = [...secure.takeOutput()];
  const isSealed = secure.state !== 'secured' || outbox.drain((plaintext) => secure.seal(plaintext), chunks);
  if (link.phase === 'closing' && outbox.isEmpty && !link.isGoodbyeQueued) {
    engine.links.sayGoodbye(link);
    outbox.drain((plaintext) => secure.seal(plaintext), chunks);
  }
  write(engine, link, chunks);
  if (!isSealed) exhausted(engine, link);
  if (link.phase === 'closing' && link.isGoodbyeQueued && outbox.isEmpty) engine.links.finish(link);
}

/** Authors hear of it in a step, not in the midst of a flush. */
function exhausted(engine: Engine, link: Link): void {
  const close = () => engine.links.close(link, 'record-failed', 'the link has sealed as many records as its keys allow');
  engine.enqueue({ type: 'work', work: close });
}

function write(engine: Engine, link: Link, chunks: readonly Uint8Array[]): void {
  if (chunks.length === 0) return;
  link.lastSentMs = engine.nowMs;
  engine.metrics.recordsSent.value++;
  let byteCount = 0;
  for (const chunk of chunks) byteCount += chunk.length;
  engine.metrics.bytesSent.value += byteCount;
  link.outbox.handedOver(byteCount);
  engine.effect({ type: 'write', connectionId: link.id, chunks });
}

/** The handshake went on: there may be something to write, and the remote may be proven. */
function secured(engine: Engine, link: Link, secure: SecureStream): void {
  engine.touch(link);
  const { remote } = secure;
  if (secure.state !== 'secured' || remote === undefined) return;
  const { nodeId, instance, channelBinding } = remote;
  const { id, direction, remoteAddress, localAddress, attemptId } = link;
  link.prove(
    { id, nodeId, direction, remoteAddress, localAddress, attemptId, provenMs: engine.nowMs, channelBinding },
    instance.join('.'),
    engine.metrics.undecodable,
    engine.limits,
  );
  engine.links.identified(link);
}

function receivePlaintext(engine: Engine & { drain(): void }, link: Link, plaintext: Uint8Array): void {
  const { frames } = link;
  frames.push(plaintext);
  while (frames.next()) {
    engine.delivery.receive(link, frames.bytes, frames.start, frames.end);
    engine.drain();
    if (link.isOver) return;
  }
  if (!frames.hasLent) engine.options.crypto.release?.(plaintext);
  if (frames.isBroken) engine.links.close(link, 'protocol-error', 'malformed frame');
}
