/** @module The messages of rpc as bytes, written down once more, for tests that send what they like. */
import { ByteWriter, encodeValue } from '../../../core/index.js';

/** A call's id: a small number, or both halves. */
export type Id = number | { readonly idHigh: number; readonly idLow: number };

function message(id: Id, kind: number, attempt = 1): ByteWriter {
  const { idHigh, idLow } = typeof id === 'number' ? { idHigh: 0, idLow: id } : id;
  return new ByteWriter().u32(idHigh).u32(idLow).u8(kind).u8(attempt);
}

export interface Request {
  readonly serviceId: number;
  readonly method: string;
  readonly timeoutMs: number;
  readonly window: number;
}

export function request(id: Id, value: unknown, fields: Partial<Request> = {}): Uint8Array {
  const { serviceId, method, timeoutMs, window } = { serviceId: 64, method: 'echo', timeoutMs: 1_000, window: 0, ...fields };
  const name = Buffer.from(method);
  return message(id, 1).u8(serviceId).u32(timeoutMs).u16(window).u16(name.length).bytes(name).bytes(encodeValue(value)).copy();
}

/** `type`: 1 ok, 2 error, 3 item, 4 end. */
export function answer(id: Id, part: number, type: number, content: Uint8Array = new Uint8Array(0)): Uint8Array {
  return message(id, 2).u48(part).u8(type).bytes(content).copy();
}

export function ok(id: Id, value: unknown): Uint8Array {
  return answer(id, 0, 1, encodeValue(value));
}

export function error(id: Id, code: string, text: string, count = 0): Uint8Array {
  return answer(id, count, 2, new ByteWriter().u8(code.length).utf8(code).utf8(text).copy());
}

export function item(id: Id, index: number, value: unknown): Uint8Array {
  return answer(id, index, 3, encodeValue(value));
}

export function end(id: Id, count: number): Uint8Array {
  return answer(id, count, 4);
}

export function ask(id: Id): Uint8Array {
  return message(id, 3).copy();
}

export function unknown(id: Id, coveredMs: number): Uint8Array {
  return message(id, 4).u48(coveredMs).copy();
}

export function cancel(id: Id): Uint8Array {
  return message(id, 5).copy();
}

export function credit(id: Id, total: number): Uint8Array {
  return message(id, 16).u48(total).copy();
}
