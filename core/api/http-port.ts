/**
 * @module HttpPort: HTTP/1.1 between this node and other programs, for behaviours that lead requests through the network. Node's is in
 * `platform/node/http/`. Injected as `HTTP_PORT`, where the platform has it. What it rejects with is an `Error` with the system's `code`.
 */
import type { SocketEndpoint, SocketListener } from './socket-port.js';
import type { BytePipe } from './stream.js';

/** Names and values in the order of the message; a name may be there several times. */
export type HttpFields = readonly (readonly [name: string, value: string])[];

/** The head of a request. */
export interface HttpRequestHead {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: HttpFields;
}

/** The head of a response. */
export interface HttpResponseHead {
  readonly status: number;
  readonly headers: HttpFields;
}

/** A request that this node makes, on a connection of its own. */
export interface HttpCall {
  /** Writes go into the body of the request, reads come from that of the response. After 101 it is the connection itself. */
  readonly pipe: BytePipe;
  readonly answer: Promise<HttpResponseHead>;
}

/** A request that a program has made. */
export interface HttpExchange {
  readonly head: HttpRequestHead;
  /** It waits for 101, and for the connection itself. */
  readonly isUpgrade: boolean;
  /** Reads come from the body of the request; writes, after `answer`, go into that of the response. */
  readonly pipe: BytePipe;
  /** Once. Headers and bodies are sound, and as long as they say. */
  answer(head: HttpResponseHead): void;
  /** Called when the program has gone before everything was sent. */
  onGone: () => void;
}

/** What a listener takes before anybody looks at a request. */
export interface HttpListenOptions {
  /** Until the head of a request is complete. */
  readonly headTimeoutMs: number;
  readonly headBytesMax: number;
  readonly headersMax: number;
  readonly connectionsMax: number;
}

/** Makes and takes requests. */
export interface HttpPort {
  /** The head is sound; a body is written only where the head has a length or a coding for it. */
  request(to: SocketEndpoint, head: HttpRequestHead): Promise<HttpCall>;
  /** Listens on a numeric host; port 0 takes a free one. Closing it ends its connections. */
  listen(endpoint: SocketEndpoint, options: HttpListenOptions, serve: (exchange: HttpExchange) => void): Promise<SocketListener>;
}
