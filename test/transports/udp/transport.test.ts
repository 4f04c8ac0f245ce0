/** @module UDP on real sockets: the contract on both families, and nodes that meet over it. */
import { expect } from 'chai';
import { createNode, type Message, NetworkBehavior, parseAddress, toConnection, toNode } from '../../../index.js';
import { datagramSuite, until } from '../../../testing/index.js';
import { TcpTransport, UdpTransport } from '../../../transports/index.js';
import { HAS_IPV6 } from '../tcp/fixtures.js';

function fixture(text: string, otherText = text) {
  return {
    transport: new UdpTransport(),
    other: new UdpTransport(),
    nextAddress: () => parseAddress(text),
    nextOtherAddress: () => parseAddress(otherText),
  };
}

datagramSuite(() => fixture('udp://127.0.0.1:0'), { name: 'udp on IPv4' });
if (HAS_IPV6) datagramSuite(() => fixture('udp://[::1]:0'), { name: 'udp on IPv6' });

class Counter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'counter' };
  readonly got: number[] = [];

  override onMessage(_agent: unknown, message: Message): void {
    this.got.push(message.value<number>() ?? -1);
  }
}

async function meet(bobListens: string, dial: (address: string) => string = (address) => address) {
  const ada = await createNode({ behaviors: [Counter], builtins: [] });
  const bob = await createNode({ behaviors: [Counter], builtins: [], listen: [bobListens] });
  await Promise.all([ada.start(), bob.start()]);
  const connection = await ada.connect(dial(`${bob.addresses[0]}`));
  return { ada, bob, connection };
}

describe('nodes over UDP', () => {
  it('meet, and exchange messages in order', async () => {
    const { ada, bob, connection } = await meet('udp://127.0.0.1:0');
    expect(connection.remoteAddress.scheme).to.equal('udp');
    for (let number = 0; number < 500; number++) ada.send(toNode(bob.id), 64, number);
    await until(() => bob.behavior(Counter).got.length === 500);
    expect(bob.behavior(Counter).got).to.deep.equal(Array.from({ length: 500 }, (_, number) => number));
    await Promise.all([ada.stop(), bob.stop()]);
  });

  it('send what may be lost in one datagram, or not at all', async () => {
    const { ada, bob, connection } = await meet('udp://127.0.0.1:0');
    const send = (payload: unknown) => ada.send(toConnection(connection.id), 64, payload, { unreliable: true });
    expect([send(new Uint8Array(1_151)), send(new Uint8Array(1_152))]).to.deep.equal(['queued', 'too-large']);
    for (let number = 0; number < 20; number++) send(number);
    await until(() => bob.behavior(Counter).got.length > 10);
    const { got } = bob.behavior(Counter);
    expect(new Set(got).size).to.equal(got.length);
    await Promise.all([ada.stop(), bob.stop()]);
  });

  if (HAS_IPV6)
    it('meet at a socket for both families, dialled by IPv4', async () => {
      const { ada, bob, connection } = await meet('udp://[::]:0', (address) => `udp://127.0.0.1:${parseAddress(address).port}`);
      expect(connection.remoteAddress.host).to.equal('127.0.0.1');
      await Promise.all([ada.stop(), bob.stop()]);
    });

  it('stop in good order: the remote sees a goodbye at once', async () => {
    const { ada, bob } = await meet('udp://127.0.0.1:0');
    const codes: string[] = [];
    bob.on('disconnected', ({ reason }) => void codes.push(reason.code));
    await ada.stop();
    await until(() => codes.length > 0);
    expect(codes).to.deep.equal(['goodbye']);
    await bob.stop();
  });

  it('take TCP where a node has both: it is dialled first', async () => {
    const bob = await createNode({ builtins: [], listen: ['udp://127.0.0.1:0', 'tcp://127.0.0.1:0'] });
    const ada = await createNode({ builtins: [], behaviors: [] });
    await Promise.all([ada.start(), bob.start()]);
    expect(bob.addresses.map(({ scheme }) => scheme).sort()).to.deep.equal(['tcp', 'udp']);
    await Promise.all([ada.stop(), bob.stop()]);
  });

  it('are without UDP where their transports do not name it', async () => {
    const node = await createNode({ builtins: [], transports: [new TcpTransport()], listen: ['udp://127.0.0.1:0'] });
    const error = await node.start().catch((thrown) => thrown);
    expect(error.code).to.equal('SCHEME_UNKNOWN');
    await node.stop();
  });
});
