/**
 * @module Framing for the contenders without one: a 32-bit length before every message, and writes that coalesce up to 64 KiB.
 */

const COALESCE_BYTES = 65_536;
const PREFIX_BYTES = 4;

/** Cuts a byte stream into messages and calls back with each one's place. */
export class FrameParser {
  constructor(onMessage) {
    this.onMessage = onMessage;
    this.rest = undefined;
  }

  push(chunk) {
    let bytes = chunk;
    if (this.rest !== undefined) bytes = Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (at + PREFIX_BYTES <= bytes.length) {
      const end = at + PREFIX_BYTES + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      this.onMessage(bytes, at + PREFIX_BYTES, end);
      at = end;
    }
    this.rest = at === bytes.length ? undefined : bytes.subarray(at);
  }
}

/** Collects messages into writes of up to 64 KiB; `send` is false when the socket wants a pause. */
export class FrameWriter {
  constructor(socket) {
    this.socket = socket;
    this.buffer = Buffer.allocUnsafe(COALESCE_BYTES);
    this.used = 0;
  }

  send(payload) {
    const size = PREFIX_BYTES + payload.length;
    if (size > COALESCE_BYTES - this.used) this.flush();
    if (size > COALESCE_BYTES) return this.sendLarge(payload);
    this.buffer.writeUInt32BE(payload.length, this.used);
    this.buffer.set(payload, this.used + PREFIX_BYTES);
    this.used += size;
    return !this.socket.writableNeedDrain;
  }

  flush() {
    if (this.used === 0) return;
    this.socket.write(this.buffer.subarray(0, this.used));
    this.buffer = Buffer.allocUnsafe(COALESCE_BYTES);
    this.used = 0;
  }

  sendLarge(payload) {
    const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
    prefix.writeUInt32BE(payload.length);
    this.socket.cork();
    this.socket.write(prefix);
    this.socket.write(payload);
    this.socket.uncork();
    return !this.socket.writableNeedDrain;
  }
}
