/**
 * @module FrameHead: what goes before the bytes of a message that is one frame (RFC 6455, 5.2). The library writes one frame for each buffer that it is
 * given; with the head apart, a message is as many buffers as there are, and none is copied.
 */

const WHOLE_BINARY = 0x82;
const MASKED = 0x80;
const MASK_BYTES = 4;
/** Up to it the length is in the second byte; further ones follow where that is 126 or 127. */
const SHORT_MAX = 125;
const MEDIUM = 126;
const LONG = 127;
const MEDIUM_MAX = 65_535;

/**
 * `isMasked`: the frame is one of a client. Its mask is 0, which changes nothing and costs nothing. A mask keeps scripts that choose what a page sends from
 * choosing what proxies see; what is sent here is encrypted, with keys that nobody chooses.
 */
export function frameHead(byteCount: number, isMasked: boolean): Buffer {
  const lengthBytes = byteCount <= SHORT_MAX ? 0 : byteCount <= MEDIUM_MAX ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes + (isMasked ? MASK_BYTES : 0));
  head[0] = WHOLE_BINARY;
  head[1] = (lengthBytes === 0 ? byteCount : lengthBytes === 2 ? MEDIUM : LONG) + (isMasked ? MASKED : 0);
  if (lengthBytes === 2) head.writeUInt16BE(byteCount, 2);
  if (lengthBytes === 8) head.writeUInt32BE(byteCount, 6);
  return head;
}
