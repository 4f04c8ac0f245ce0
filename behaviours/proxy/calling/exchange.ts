/**
 * @module Exchange: one request of a program to an HTTP proxy, and its response, as the two pipes that are led into each other. The next request of the
 * program may be for somebody else, and has the password of the proxy in it: the target gets not a byte of it, and the program hears that its connection
 * ends with this response, whatever the target says.
 */
import { type BytePipe, joinBytes } from '../../../core/index.js';
import { failure, resetTextOf } from '../outcomes.js';
import type { BodyMeter } from '../protocols/body-meter.js';
import { answerOf, endOfHead, HEAD_BYTES_MAX, readResponseHead } from '../protocols/proxy-head.js';

/** What the program sends: the body that its head has announced. Reading rejects at the first byte behind it. `rest`: what came with the head. */
export function requestOnly(program: BytePipe, body: BodyMeter, rest: Uint8Array): BytePipe {
  let first: Uint8Array | undefined = rest.length > 0 ? rest : undefined;
  const read = async () => {
    const bytes = first ?? (await program.read());
    first = undefined;
    if (bytes === undefined && !body.isComplete) throw failure('http_request_error', 'the body is shorter than its length');
    if (bytes !== undefined && !body.take(bytes)) throw failure('http_request_error', 'one request for each connection, with a sound body');
    return bytes;
  };
  return over(program, read);
}

/** What the target sends: heads are written anew, up to that of the final response. One that is none is answered for it. */
export function responseOnly(target: BytePipe): BytePipe {
  const heads = new ResponseHeads(target);
  return over(target, () => heads.read());
}

class ResponseHeads {
  private kept: Uint8Array = new Uint8Array(0);
  private state: 'head' | 'body' | 'over' = 'head';

  constructor(private readonly target: BytePipe) {}

  async read(): Promise<Uint8Array | undefined> {
    if (this.state === 'over') return undefined;
    return this.state === 'head' ? this.head() : this.body();
  }

  private async head(): Promise<Uint8Array> {
    for (let end = endOfHead(this.kept); ; end = endOfHead(this.kept)) {
      if (end >= 0) return this.headOf(end);
      const bytes = this.kept.length > HEAD_BYTES_MAX ? undefined : await this.target.read();
      if (bytes === undefined) return this.refuse();
      this.kept = joinBytes([this.kept, bytes]);
    }
  }

  private headOf(end: number): Uint8Array {
    const head = readResponseHead(this.kept.subarray(0, end));
    if (head === undefined) return this.refuse();
    this.kept = this.kept.slice(end);
    if (!head.isInterim) this.state = 'body';
    return head.head;
  }

  private async body(): Promise<Uint8Array | undefined> {
    const { kept } = this;
    this.kept = new Uint8Array(0);
    return kept.length > 0 ? kept : this.target.read();
  }

  private refuse(): Uint8Array {
    this.state = 'over';
    const text = 'the target sent no response of HTTP/1.1';
    this.target.reset(resetTextOf(failure('http_protocol_error', text)));
    return answerOf(502, text);
  }
}

function over(pipe: BytePipe, read: BytePipe['read']): BytePipe {
  return { read, write: (bytes) => pipe.write(bytes), end: () => pipe.end(), reset: (reason) => pipe.reset(reason) };
}
