/**
 * @module Hostile values in messages of a real peer: prototype pollution, and traps for whoever reads them. The codec's own tests say what
 * each is refused for; here they come over a socket, and a careless application reads them.
 */
import { expect } from 'chai';
import { type Message, NetworkBehavior } from '../../index.js';
import { POLLUTION_CASES } from '../core/pollution-cases.js';
import { bytes } from '../core/security/support.js';
import { openPeer } from './socket-peer.js';
import { heard, placeOf, until, World } from './world.js';

/** Reads every message, and does with it what careless applications do. */
class Reader extends NetworkBehavior {
  static readonly behavior = { serviceId: 73, name: 'reader' } as const;
  readonly values: unknown[] = [];

  override onMessage(_agent: unknown, message: Message): void {
    const value = message.value<Record<string, unknown>>();
    this.values.push(Object.assign({}, value, JSON.parse(JSON.stringify({ ...value }))) && value);
    // Returned as an application in JavaScript might: what is looked at is only whether it can be waited for.
    return value as never;
  }
}

describe('hostile values in messages', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  it('row 84: are refused before they are objects, are counted, and change no prototype', async () => {
    const shape = Reflect.ownKeys(Object.prototype).map(String).join();
    const node = await world.node({ listen: ['tcp://127.0.0.45:0'], behaviors: [Reader] });
    const faults = heard(node, 'fault');
    const { peer } = await openPeer(world, placeOf(node));
    for (const { hex } of POLLUTION_CASES) peer.sendMessage({ serviceId: 73, payload: bytes(hex) });
    const { values } = node.behavior(Reader);
    await until(() => values.length === POLLUTION_CASES.length, 'all were read');
    const readable = POLLUTION_CASES.map(({ verdict }) => verdict === 'plain');
    expect(values.map((value) => value !== undefined)).to.deep.equal(readable);
    expect(node.metrics()['payloads_undecodable_total']).to.equal(readable.filter((isReadable) => !isReadable).length);
    expect(Reflect.ownKeys(Object.prototype).map(String).join()).to.equal(shape);
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
    expect(faults).to.deep.equal([]);
    expect(node.connections()).to.have.length(1);
  });
});
