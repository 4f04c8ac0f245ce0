/** @module Messages of a WebSocket: how the chunks of one write are divided into them. A record, whose parts are chunks, is one message. */

/** Bytes of one message, at most; what is longer is sent as several, and received as an error. */
export const MESSAGE_BYTES_MAX = 131_072;

/** What goes together. */
export interface OutgoingMessage {
  readonly parts: Uint8Array[];
  byteCount: number;
}

/** As few messages as hold the chunks in their order, each of which is divided only if it is longer than a message. None is empty. */
export function messagesOf(chunks: readonly Uint8Array[]): readonly OutgoingMessage[] {
  const messages: OutgoingMessage[] = [];
  for (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += MESSAGE_BYTES_MAX) {
      const part = chunk.length <= MESSAGE_BYTES_MAX ? chunk : chunk.subarray(at, at + MESSAGE_BYTES_MAX);
      const last = messages.at(-1);
      if (last === undefined || last.byteCount + part.length > MESSAGE_BYTES_MAX) messages.push({ parts: [part], byteCount: part.length });
      else {
        last.parts.push(part);
        last.byteCount += part.length;
      }
    }
  return messages;
}
