/** @module The transport suite finds faults: each broken transport below fails the check that is about its fault. */
import { expect } from 'chai';
import { type Address, parseAddress } from '../../core/address/address.js';
import type { Dial, DialSink, LinkSink, Listener, ListenerSink, Transport, TransportLink } from '../../core/api/transport.js';
import { transportChecks, transportSuite } from '../../testing/conformance/transport-suite.js';
import { MemoryNetwork, MemoryTransport } from '../../transports/memory/index.js';

/** A memory transport that can be broken in one place. */
interface Breaks {
  listen?(sink: ListenerSink, address: Address): ListenerSink;
  closeListener?(listener: Listener): void;
  dial?(sink: DialSink): DialSink;
  cancel?(dial: Dial): void;
  link?(link: TransportLink): Partial<TransportLink>;
  sink?(sink: LinkSink): Partial<LinkSink>;
}

class BrokenTransport implements Transport {
  readonly schemes = ['mem'];
  readonly #sound = new MemoryTransport(new MemoryNetwork());

  constructor(readonly breaks: Breaks) {}

  listen(address: Address, given: ListenerSink): Listener {
    const sink = this.breaks.listen?.(given, address) ?? given;
    const listener = this.#sound.listen(address, {
      onListening: (addresses) => sink.onListening(addresses),
      onFailed: (cause) => sink.onFailed(cause),
      onAccepted: (link) => this.#sink(sink.onAccepted(this.#link(link))),
    });
    return { close: () => (this.breaks.closeListener === undefined ? listener.close() : this.breaks.closeListener(listener)) };
  }

  dial(address: Address, given: DialSink): Dial {
    const sink = this.breaks.dial?.(given) ?? given;
    const dial = this.#sound.dial(address, {
      onConnected: (link) => this.#sink(sink.onConnected(this.#link(link))) as LinkSink,
      onFailed: (cause) => sink.onFailed(cause),
    });
    return { cancel: () => (this.breaks.cancel === undefined ? dial.cancel() : this.breaks.cancel(dial)) };
  }

  #link(link: TransportLink): TransportLink {
    const sound: TransportLink = {
      remoteAddress: link.remoteAddress,
      localAddress: link.localAddress,
      write: (chunks) => link.write(chunks),
      end: () => link.end(),
      destroy: () => link.destroy(),
    };
    return { ...sound, ...this.breaks.link?.(link) };
  }

  #sink(sink: LinkSink | undefined): LinkSink | undefined {
    if (sink === undefined) return undefined;
    const sound: LinkSink = {
      onBytes: (bytes) => sink.onBytes(bytes),
      onWritten: (byteCount) => sink.onWritten(byteCount),
      onClosed: (cause) => sink.onClosed(cause),
    };
    return { ...sound, ...this.breaks.sink?.(sink) };
  }
}

let nameCount = 0;

/** The names of the checks that a transport fails. */
async function failedChecks(breaks: Breaks, deadlineMs: number): Promise<string> {
  const failed: string[] = [];
  for (const { name, run } of transportChecks()) {
    const transport = new BrokenTransport(breaks);
    const nextAddress = () => parseAddress(`mem://broken-${nameCount++}`);
    const vacant = parseAddress('mem://nobody');
    await run(() => ({ listening: transport, dialling: transport, nextAddress, vacant, deadlineMs })).catch((error: Error) => {
      failed.push(`${name}: ${error.message}`);
    });
  }
  return failed.join('\n');
}

/** What is broken, what a failing check or its error says, and the break. */
const FAULTS: readonly (readonly [string, RegExp, Breaks])[] = [
  [
    'tells that it listens during listen',
    /onListening during a call/,
    {
      listen: (sink, address) => {
        sink.onListening([address]);
        return sink;
      },
    },
  ],
  [
    'tells twice that it listens',
    /reported once/,
    { listen: (sink) => ({ ...bound(sink), onListening: twice(sink.onListening.bind(sink)) }) },
  ],
  ['goes on accepting after close', /the address is free/, { closeListener: () => {} }],
  ['goes on after a cancel', /cancelled at once reports nothing.*nothing was reported/, { cancel: () => {} }],
  ['drops what is written', /both ends get the bytes/, { link: () => ({ write: () => {} }) }],
  ['tells bytes as written twice', /reported as written/, { sink: (sink) => ({ onWritten: twice(sink.onWritten.bind(sink)) }) }],
  ['tells the close during the call', /onClosed during a call/, closesDuringTheCall()],
  ['tells the close twice', /onClosed after onClosed/, { sink: (sink) => ({ onClosed: twice(sink.onClosed.bind(sink)) }) }],
  ['turns the order of chunks', /in order/, { link: (link) => ({ write: (chunks) => link.write([...chunks].reverse()) }) }],
  ['loses what is queued at end', /end delivers what is queued.*without a cause/, { link: (link) => ({ end: () => link.destroy() }) }],
  ['knows no end', /both ends close/, { link: () => ({ end: () => {} }) }],
  ['hands over reads without bytes', /without bytes/, { sink: (sink) => ({ onBytes: () => sink.onBytes(new Uint8Array(0)) }) }],
];

function twice<T>(told: (value: T) => void): (value: T) => void {
  return (value) => {
    told(value);
    told(value);
  };
}

function bound(sink: ListenerSink): ListenerSink {
  return {
    onListening: (addresses) => sink.onListening(addresses),
    onAccepted: (link) => sink.onAccepted(link),
    onFailed: (cause) => sink.onFailed(cause),
  };
}

function closesDuringTheCall(): Breaks {
  let last: LinkSink | undefined;
  return {
    sink: (sink) => {
      last = sink;
      return {};
    },
    link: (link) => ({
      destroy: () => {
        link.destroy();
        last?.onClosed();
      },
    }),
  };
}

describe('transportSuite', () => {
  it('passes the sound transport that the broken ones are made of', async () => {
    expect(await failedChecks({}, 10_000)).to.equal('');
  });

  for (const [what, says, breaks] of FAULTS) {
    it(`finds a transport that ${what}`, async () => {
      expect(await failedChecks(breaks, 50)).to.match(says);
    });
  }

  it('says what it needs where there is no test runner', () => {
    const { describe: kept } = globalThis;
    try {
      Object.assign(globalThis, { describe: undefined });
      expect(() => transportSuite(() => ({}) as never))
        .to.throw('checks as data')
        .with.property('code', 'ARGUMENT_INVALID');
    } finally {
      Object.assign(globalThis, { describe: kept });
    }
  });
});
