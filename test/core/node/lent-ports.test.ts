/** @module Tests of what gates and exchanging behaviours get from the core: ports of others, and a refusal before a connection is open. */
import { expect } from 'chai';
import {
  type BehaviorAgent,
  type Connection,
  createNode,
  type HandshakeSection,
  type LentPort,
  type MeshNode,
  NetworkBehavior,
  NetworkError,
  type NodeEvents,
  type NodeId,
  type Placement,
  toLocal,
} from '../../../index.js';
import { recordingBehavior } from '../../../testing/index.js';
import { MemoryNetwork, MemoryTransport } from '../../../transports/memory/index.js';

type SectionPort = LentPort<HandshakeSection>;

function section(name: string): HandshakeSection {
  return { name, offer: () => undefined, accept: () => undefined };
}

class Borrower extends NetworkBehavior {
  static readonly behavior = { serviceId: 40, name: 'borrower' } as const;

  override get ports() {
    return { handshakeSection: section('own') };
  }

  with<T>(work: (ports: readonly SectionPort[], agent: BehaviorAgent) => T): T {
    return this.perform((agent) => work(agent.ports('handshakeSection'), agent));
  }
}

class Lender extends NetworkBehavior {
  static readonly behavior = { serviceId: 41, name: 'lender' } as const;

  override get ports() {
    return { handshakeSection: section('lent') };
  }

  /** Sends to this node itself, as part of the lender's callback. */
  tell(): void {
    this.perform((agent) => agent.sendToBehavior(41, 'told'));
  }

  readonly told: unknown[] = [];

  override onBehaviorEvent(_agent: BehaviorAgent, _from: number, event: unknown): void {
    this.told.push(event);
  }
}

async function running(...behaviors: NetworkBehavior[]): Promise<MeshNode> {
  const node = await createNode({ logger: 'silent', builtins: [], behaviors });
  await node.start();
  return node;
}

function codeOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as NetworkError).code;
  }
}

describe('lent ports', () => {
  it('are those of all behaviours that fill them, by ascending service id, the own one included', async () => {
    const borrower = new Borrower();
    const node = await running(new Lender(), borrower);
    const names = borrower.with((ports) => ports.map((port) => [port.serviceId, port.behavior, port.use(({ name }) => name)]));
    expect(names).to.deep.equal([
      [40, 'borrower', { answer: 'own' }],
      [41, 'lender', { answer: 'lent' }],
    ]);
    expect(borrower['perform']((agent) => agent.ports('caller'))).to.deep.equal([]);
    await node.stop();
  });

  it('tell an answer of nothing from a throw, which is a fault of the lender alone (row 70)', async () => {
    const borrower = new Borrower();
    const node = await running(borrower, new Lender());
    const faults: NodeEvents['fault'][] = [];
    node.on('fault', (fault) => faults.push(fault));
    const use = (work: () => unknown) => borrower.with((ports) => ports[1]?.use(work));
    expect(use(() => undefined)).to.deep.equal({ answer: undefined });
    const cause = new Error('on purpose');
    const throwing = () => {
      throw cause;
    };
    expect(use(throwing)).to.equal(undefined);
    expect(faults).to.deep.equal([{ behavior: 'lender', serviceId: 41, callback: 'handshakeSection', cause, isFatal: false }]);
    await node.stop();
  });

  it('work during callbacks of the borrower only', async () => {
    const borrower = new Borrower();
    const node = await running(borrower, new Lender());
    const kept = borrower.with((ports, agent) => ({ ports, agent }));
    expect(codeOf(() => kept.ports[1]?.use(({ name }) => name))).to.equal('AGENT_ESCAPED');
    expect(codeOf(() => kept.agent.ports('handshakeSection'))).to.equal('AGENT_ESCAPED');
    expect(borrower.with(() => kept.ports[1]?.use(({ name }) => name))).to.deep.equal({ answer: 'lent' });
    await node.stop();
  });

  it('of a behaviour that has ended answer nothing, and are lent no more', async () => {
    const borrower = new Borrower();
    const node = await running(borrower, new Lender());
    const kept = borrower.with((ports) => ports);
    node.removeBehavior(Lender);
    expect(borrower.with(() => kept[1]?.use(({ name }) => name))).to.equal(undefined);
    expect(borrower.with((ports) => ports.length)).to.equal(1);
    await node.stop();
  });

  it('keep what the lender recorded when the borrower throws afterwards', async () => {
    const [borrower, lender] = [new Borrower(), new Lender()];
    const node = await running(borrower, lender);
    const failing = () =>
      borrower.with((ports, agent) => {
        agent.sendToBehavior(41, 'lost');
        ports[1]?.use(() => lender.tell());
        throw new NetworkError('ARGUMENT_INVALID', 'on purpose');
      });
    expect(codeOf(failing)).to.equal('ARGUMENT_INVALID');
    expect(lender.told).to.deep.equal(['told']);
    await node.stop();
  });
});

/** Closes what it sees, before or after it is open. */
class Closer extends NetworkBehavior {
  static readonly behavior = { serviceId: 42, name: 'closer', gate: true } as const;
  admits = false;

  override onIncomingConnectionConnected(agent: BehaviorAgent, { id }: Connection): void {
    if (this.admits) agent.admit(id);
    else agent.closeConnection(id, 'not you');
  }

  closeNow(id: number): void {
    this.perform((agent) => agent.closeConnection(id, 'enough'));
  }
}

describe('a gate that closes a connection', () => {
  it('refuses it before it is open, and says goodbye afterwards', async () => {
    const network = new MemoryNetwork();
    const closer = new Closer();
    const options = { logger: 'silent', builtins: [] } as const;
    const host = await createNode({ ...options, transports: [new MemoryTransport(network)], listen: ['mem://host'], behaviors: [closer] });
    const guest = await createNode({ ...options, transports: [new MemoryTransport(network)] });
    await Promise.all([host.start(), guest.start()]);
    const ends: unknown[] = [];
    host.on('refused', ({ reason }) => ends.push(reason));
    const gone = new Promise((resolve) => guest.on('disconnected', ({ reason }) => resolve(reason)));
    const error = (await guest.connect('mem://host').catch((cause: unknown) => cause)) as NetworkError;
    expect(error.code).to.equal('REMOTE_REJECTED');
    expect(error.details).to.deep.include({ closeCode: 'gate', by: 'remote' });
    expect(ends).to.deep.equal([{ code: 'gate', text: 'not you', by: 'local' }]);
    closer.admits = true;
    const accepted = new Promise<Connection>((resolve) => host.on('connected', resolve));
    await guest.connect('mem://host');
    closer.closeNow((await accepted).id);
    expect(await gone).to.deep.equal({ code: 'goodbye', text: 'enough', by: 'remote' });
    await Promise.all([host.stop(), guest.stop()]);
  });

  it('get the agent of the behaviour that fills them, whoever calls them', async () => {
    const witness = recordingBehavior({ serviceId: 42 });
    class Placing extends NetworkBehavior {
      static readonly behavior = { serviceId: 43, name: 'placing' } as const;
      override get ports() {
        const closest: Placement['closest'] = (agent, key, count, settle) => {
          agent.sendToBehavior(42, `asked for ${count}`);
          agent.after(1, () => settle({ nodes: [key], isComplete: true }));
        };
        return { placement: { closest } };
      }
    }
    const borrower = new Borrower();
    const node = await running(borrower, witness, new Placing());
    const key = 'ab'.repeat(32) as NodeId;
    const found = await new Promise((settle) =>
      borrower.with((_ports, agent) => agent.ports('placement').map((port) => port.use(({ closest }) => closest(key, 3, settle)))),
    );
    expect(found).to.deep.equal({ nodes: [key], isComplete: true });
    expect(witness.of('onBehaviorEvent').map(({ args }) => args)).to.deep.equal([[43, 'asked for 3']]);
    await node.stop();
  });

  it("are the core's where nobody fills them: placement asks the table, and streams are absent", async () => {
    const borrower = new Borrower();
    const node = await running(borrower);
    const outcomes: unknown[] = [];
    const kept = borrower.with((_ports, agent) => {
      const [placement, opener] = [agent.ports('placement'), agent.ports('streamOpener')] as const;
      placement[0]?.use(({ closest }) => closest('00'.repeat(32) as NodeId, 2, (found) => outcomes.push(found)));
      opener[0]?.use(({ open }) => open({ route: toLocal(), serviceId: 64 }, (result) => outcomes.push(result)).cancel());
      expect([placement.length, placement[0]?.serviceId, placement[0]?.behavior]).to.deep.equal([1, 0, 'core']);
      for (const name of ['caller', 'addressSource', 'seedKeeper', 'connectionPolicy', 'transport'] as const)
        expect(agent.ports(name), name).to.deep.equal([]);
      return placement;
    });
    expect(outcomes).to.deep.equal([
      node.router.closest('00'.repeat(32) as NodeId, 2),
      { type: 'error', code: 'STREAMS_ABSENT', text: 'no behaviour of this node opens byte streams' },
    ]);
    expect(codeOf(() => kept[0]?.use(() => 1))).to.equal('AGENT_ESCAPED');
    await node.stop();
  });
});
