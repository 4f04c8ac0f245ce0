/**
 * @module Scenario S5 of the Telehash design: two switches behind port-restricted NATs and a public one, while every fifth packet is lost: seek, pop, popping,
 * popped, open, line, stream; 500 packets in order; and a sock proxy that is denied, and allowed by its list.
 */
import { expect } from 'chai';
import { type Packet, ProxyBehavior, PunchBehavior } from '../../behaviours/index.js';
import { type ByteStream, HTTP_PORT, SOCKET_PORT } from '../../core/index.js';
import { NodeHttp } from '../../core/platform/node/http/node-http.js';
import type { HashnameInstallation, Hosted, SwitchHost } from '../../switch/index.js';
import { bytes, echo, FakeSockets, readAll } from '../behaviours/proxy/support.js';
import { operatorAddress, SwitchWorld } from '../switch/support.js';

const COUNT = 500;
const NUMBERS = Array.from({ length: COUNT }, (_, number) => number);
const [PUBLIC, NEAR_NAT, FAR_NAT] = ['9.9.9.1', '5.6.7.8', '6.7.8.9'] as const;

/** A public switch with an operator, and one behind each NAT. */
class Neighbourhood extends SwitchWorld {
  readonly machines = { near: new FakeSockets('near'), far: new FakeSockets('far') };

  constructor(seed: number) {
    super(seed, { latencyMs: 20, jitterMs: 5, loss: 0.2 });
    for (const nat of [NEAR_NAT, FAR_NAT]) this.net.addNat(nat, { kind: 'port-restricted' });
  }

  async switchFor(operators: readonly string[]): Promise<SwitchHost> {
    const made = this.switch();
    await made.installSpace({ name: 'plaza', operators });
    return made;
  }

  at(host: string): Partial<HashnameInstallation> & { readonly space: string } {
    return { space: 'plaza', listen: [`sim://${host}`, `udp://${host}:7400`], behaviors: [PunchBehavior] };
  }

  behind(nat: string, host: string, machine: FakeSockets): Partial<HashnameInstallation> & { readonly space: string } {
    const provide = [
      { token: SOCKET_PORT, useValue: machine },
      { token: HTTP_PORT, useValue: new NodeHttp() },
    ];
    return { ...this.at(host), node: { ...{ nat }, provide } };
  }

  wait<T>(promise: Promise<T>): Promise<T> {
    return this.net.waitFor(promise);
  }

  /** Again after a while, where what was lost has made it fail. */
  async insist<T>(work: () => Promise<T>, triesMax = 6): Promise<T> {
    try {
      return await this.wait(work());
    } catch (error) {
      if (triesMax === 1) throw error;
      await this.net.run(3_000);
      return this.insist(work, triesMax - 1);
    }
  }
}

const punchOf = ({ node }: Hosted) => node.behavior(PunchBehavior).counters;

/** Numbers of four digits, one chunk each. */
async function writeNumbers({ writable }: ByteStream): Promise<void> {
  const writer = writable.getWriter();
  for (const number of NUMBERS) await writer.write(bytes(String(number).padStart(4, '0')));
  await writer.close();
}

async function numbersOf({ readable }: ByteStream): Promise<number[]> {
  const text = await new Response(readable).text();
  return (text.match(/\d{4}/g) ?? []).map(Number);
}

/** What a program behind the near NAT hears that says hello to a target in the other one's network. */
async function throughProxy(world: Neighbourhood, near: Hosted, lender: Hosted, target: string): Promise<string> {
  const { port } = await world.insist(() => near.to(lender.hashname).proxy(target));
  const program = await world.machines.near.program(port);
  const said = program.write(bytes('hello')).then(() => program.end());
  said.catch(() => {});
  return world.wait(readAll(program));
}

describe('two switches behind port-restricted NATs and a public one, at 20 % loss', () => {
  for (const seed of [1, 2, 3])
    it(`S5: seek, pop, popped, open, line and stream; 500 packets once and in order; a sock proxy by its list alone (TH-08, TH-12, TH-27, TH-29): seed ${seed}`, async () => {
      const world = new Neighbourhood(seed);
      const [packets, streams]: [unknown[], Promise<number[]>[]] = [[], []];
      const hub = await world.switchFor([]);
      const operator = await world.install(hub, 'operator', world.at(PUBLIC), { operator: true, spacer: true });
      const operators = [operatorAddress('operator').replace('@operator', `@${PUBLIC}`)];
      const [left, right] = [await world.switchFor(operators), await world.switchFor(operators)];
      const takes = {
        onLine: ({ value }: Packet) => void packets.push(value),
        onStream: (stream: ByteStream) => void streams.push(numbersOf(stream)),
      };
      const atFar = { ...world.behind(FAR_NAT, '10.1.0.6', world.machines.far), ...takes };
      const far = await world.install(right, 'far', atFar, { spacer: true, proxy: true });
      const atLender = world.behind(FAR_NAT, '10.1.0.7', world.machines.far);
      const lender = await world.install(right, 'lender', atLender, { spacer: true, proxy: { allow: ['10.1.0.9:22'] } });
      await world.net.run(10_000);
      const atNear = world.behind(NEAR_NAT, '10.0.0.5', world.machines.near);
      const near = await world.install(left, 'near', atNear, { spacer: true, proxy: true });
      await world.net.runUntil(() => near.node.connections().length > 0, 30_000);

      expect(near.state(far.hashname), 'nobody has named it').to.equal('unknown');
      await world.insist(async () => {
        const [closest] = await near.resolve(far.hashname, { oneHop: false });
        expect(closest?.nodeId).to.equal(far.hashname);
      });

      const { connection, send } = await world.insist(() => near.to(far.hashname).line());
      expect([connection.path, punchOf(operator).helped > 0]).to.deep.equal(['direct', true]);
      expect(connection.remoteAddress.withNodeId(undefined).text, 'what the far NAT has mapped').to.match(/^udp:\/\/6\.7\.8\.9:(?!7400$)/);

      for (const number of NUMBERS) {
        expect(send(number)).to.equal('queued');
        await world.net.run(5);
      }
      await world.wait(near.to(far.hashname).stream(writeNumbers));
      await world.net.runUntil(() => packets.length >= COUNT && streams.length > 0, 60_000);
      expect(await world.wait(streams[0] as Promise<number[]>)).to.deep.equal(NUMBERS);
      expect(packets).to.deep.equal(NUMBERS);

      world.machines.far.serve(22, echo, '10.1.0.9');
      expect(await throughProxy(world, near, far, '10.1.0.9:22'), 'denied by default').to.equal('<ECONNRESET>');
      expect(await throughProxy(world, near, lender, '10.1.0.9:23'), 'not in the list').to.equal('<ECONNRESET>');
      expect([far, lender].map(({ node }) => node.behavior(ProxyBehavior).counters.denied)).to.deep.equal([1, 1]);
      expect(world.machines.far.attempts, 'nothing was dialled').to.deep.equal([]);
      expect(await throughProxy(world, near, lender, '10.1.0.9:22'), 'in the list').to.equal('hello');
      await world.end();
    });
});
