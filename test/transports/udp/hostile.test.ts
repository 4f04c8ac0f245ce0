/** @module What a real socket bears: floods of junk beside an honest link, and a system that refuses to send. */
import { createSocket } from 'node:dgram';
import { expect } from 'chai';
import { createNode, type Message, NetworkBehavior, parseAddress, toNode } from '../../../index.js';
import { until } from '../../../testing/index.js';
import { UdpTransport } from '../../../transports/index.js';
import { turn } from '../../../transports/simulated/index.js';
import { UdpTally } from '../../../transports/udp/tally.js';

const MIB = 1024 * 1024;

class Counter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'counter' };
  got = 0;

  override onMessage(_agent: unknown, _message: Message): void {
    this.got++;
  }
}

function heldBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('UDP sockets', () => {
  it('bear junk of every size: nothing is kept, and the honest link loses no message (row 34)', async () => {
    const [ada, bob] = [
      await createNode({ builtins: [], behaviors: [Counter] }),
      await createNode({ builtins: [], behaviors: [Counter], listen: ['udp://127.0.0.1:0'] }),
    ];
    await Promise.all([ada.start(), bob.start()]);
    await ada.connect(`${bob.addresses[0]}`);
    const { port } = bob.addresses[0] as (typeof bob.addresses)[0];
    const before = heldBytes();
    const junk = createSocket('udp4');
    const sizes = [0, 1, 13, 29, 60, 548, 1_199, 1_200, 1_400, 9_000, 65_507];
    let sent = 0;
    for (let round = 0; round < 200; round++) {
      for (let count = 0; count < 50; count++) {
        const bytes = Buffer.alloc(sizes[count % sizes.length] as number, count);
        if (bytes.length > 0) bytes[0] = count % 7;
        junk.send(bytes, port, '127.0.0.1');
      }
      ada.send(toNode(bob.id), 64, ++sent);
      await turn();
    }
    await until(() => bob.behavior(Counter).got === sent, 20_000);
    junk.close();
    expect(bob.metrics().datagrams_refused_total).to.be.above(1_000);
    expect(bob.connections()).to.have.length(1);
    // What the junk's own socket still holds goes first.
    await until(() => heldBytes() - before < 16 * MIB, 20_000);
    await Promise.all([ada.stop(), bob.stop()]);
  });

  it('lose and count what the system refuses to send, and go on (row 41)', async () => {
    const tally = new UdpTally();
    for (const code of ['ENOBUFS', 'EAGAIN', 'ENOMEM', 'EMSGSIZE', 'ENETUNREACH', 'EPERM'])
      tally.onSent(Object.assign(new Error(code), { code }));
    tally.onSent(null);
    expect(tally.stats()).to.deep.equal({ sockets: 0, bufferErrors: 3, sendErrors: 3, receiveErrors: 0 });

    const transport = new UdpTransport();
    const received: number[] = [];
    let place: ReturnType<typeof parseAddress> | undefined;
    const failures: unknown[] = [];
    const socket = transport.bind(parseAddress('udp://127.0.0.1:0'), {
      onListening: ([address]) => {
        place = address;
      },
      onDatagram: (bytes) => void received.push(bytes.length),
      onFailed: (cause) => void failures.push(cause),
    });
    await until(() => place !== undefined);
    const to = place as ReturnType<typeof parseAddress>;
    socket.send([new Uint8Array(65_508), new Uint8Array(5)], to);
    await until(() => received.length === 1 && transport.stats().sendErrors === 1);
    expect([received, failures, transport.stats().sockets]).to.deep.equal([[5], [], 1]);
    socket.close();
    expect(transport.stats().sockets).to.equal(0);
  });

  it('that cannot be had fail the listener with the address and the reason, and nothing else (row 41)', async () => {
    const error = await new Promise<{ code: string; message: string }>((resolve) =>
      new UdpTransport().bind(parseAddress('udp://192.0.2.1:7400'), {
        onListening: () => {},
        onDatagram: () => {},
        onFailed: resolve,
      }),
    );
    expect([error.code, error.message]).to.deep.equal(['ADDRESS_UNAVAILABLE', 'cannot listen on udp://192.0.2.1:7400: EADDRNOTAVAIL']);
  });
});
