/**
 * @module Framing of the contenders that have none: u32 length, u8 kind, u32 id for calls. `FrameParser` hands each message out as a view;
 * `BlockWriter` packs messages into blocks of 64 KiB, each of which is one write.
 */

const BLOCK_BYTES = 65_536;
const LENGTH_BYTES = 4;
const ID_BYTES = 4;
export const MESSAGE = 1;
export const REQUEST = 2;
export const ANSWER = 3;

/** Bytes of a frame before its payload. */
export const headBytes = (kind) => LENGTH_BYTES + 1 + (kind === MESSAGE ? 0 : ID_BYTES);

/** Writes the head; returns where the payload goes. */
export function writeHead(bytes, at, { kind, id, size }) {
  const head = headBytes(kind);
  bytes.writeUInt32BE(head - LENGTH_BYTES + size, at);
  bytes[at + LENGTH_BYTES] = kind;
  if (kind !== MESSAGE) bytes.writeUInt32BE(id, at + LENGTH_BYTES + 1);
  return at + head;
}

/** The frame alone, as fresh bytes. */
export function frameOf(kind, id, payload) {
  const bytes = Buffer.allocUnsafe(headBytes(kind) + payload.length);
  bytes.set(payload, writeHead(bytes, 0, { kind, id, size: payload.length }));
  return bytes;
}

/** Cuts a byte stream into frames and calls back with each one's kind, id and payload, a view. */
export class FrameParser {
  #onFrame;
  /** A frame that is not there as a whole: its bytes, and how many of them are. */
  #partial;
  #partialUsed = 0;

  constructor(onFrame) {
    this.#onFrame = onFrame;
  }

  push(chunk) {
    let at = this.#partial === undefined ? 0 : this.#complete(chunk);
    while (at + LENGTH_BYTES <= chunk.length) {
      const end = at + LENGTH_BYTES + chunk.readUInt32BE(at);
      if (end > chunk.length) break;
      this.#hand(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) this.#keep(chunk, at);
  }

  /** Fills the partial frame up; returns where the chunk goes on. */
  #complete(chunk) {
    let at = 0;
    while (this.#partialUsed < LENGTH_BYTES && at < chunk.length) this.#partial[this.#partialUsed++] = chunk[at++];
    if (this.#partialUsed < LENGTH_BYTES) return at;
    const wanted = LENGTH_BYTES + this.#partial.readUInt32BE(0);
    if (this.#partial.length < wanted) this.#partial = Buffer.concat([this.#partial], wanted);
    const taken = Math.min(wanted - this.#partialUsed, chunk.length - at);
    chunk.copy(this.#partial, this.#partialUsed, at, at + taken);
    this.#partialUsed += taken;
    if (this.#partialUsed < wanted) return at + taken;
    this.#hand(this.#partial, 0, wanted);
    this.#partial = undefined;
    return at + taken;
  }

  #keep(chunk, at) {
    const there = chunk.length - at;
    const wanted = there < LENGTH_BYTES ? LENGTH_BYTES : LENGTH_BYTES + chunk.readUInt32BE(at);
    this.#partial = Buffer.allocUnsafe(wanted);
    chunk.copy(this.#partial, 0, at);
    this.#partialUsed = there;
  }

  #hand(bytes, start, end) {
    const kind = bytes[start + LENGTH_BYTES];
    const head = LENGTH_BYTES + 1;
    if (kind === MESSAGE) this.#onFrame(kind, 0, bytes.subarray(start + head, end));
    else this.#onFrame(kind, bytes.readUInt32BE(start + head), bytes.subarray(start + head + ID_BYTES, end));
  }
}

/** Packs frames into blocks. What is no full block is written when the turn of the event loop ends. */
export class BlockWriter {
  #socket;
  #free = [];
  #block;
  #used = 0;
  #isPlanned = false;
  #flush = () => {
    this.#isPlanned = false;
    this.#writeBlock();
  };

  constructor(socket) {
    this.#socket = socket;
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** Takes a frame in any case; false when the socket wants a pause after it. */
  write(kind, id, payload) {
    const size = headBytes(kind) + payload.length;
    if (size > BLOCK_BYTES - this.#used) this.#writeBlock();
    if (size > BLOCK_BYTES) this.#writeLarge(kind, id, payload);
    else this.#pack(kind, id, payload);
    return !this.#socket.writableNeedDrain;
  }

  #pack(kind, id, payload) {
    const start = writeHead(this.#block, this.#used, { kind, id, size: payload.length });
    this.#block.set(payload, start);
    this.#used = start + payload.length;
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(this.#flush);
  }

  #writeBlock() {
    if (this.#used === 0) return;
    const block = this.#block;
    this.#socket.write(block.subarray(0, this.#used), () => this.#free.push(block));
    this.#block = this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#used = 0;
  }

  #writeLarge(kind, id, payload) {
    const head = Buffer.allocUnsafe(headBytes(kind));
    writeHead(head, 0, { kind, id, size: payload.length });
    this.#socket.cork();
    this.#socket.write(head);
    this.#socket.write(payload);
    this.#socket.uncork();
  }
}
