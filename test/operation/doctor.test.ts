/**
 * @module The twelve faults that `doctor` tells apart (USERS 13): each is seeded with real nodes and sockets, is found, and is found alone. Where nothing
 * is wrong, nothing is found.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { nodeClock } from '../../core/platform/node/ports-node.js';
import { createNode, type MeshNode, NetworkBehavior, type NodeOptions } from '../../index.js';
import { ControlClient, type Diagnosis, FAULTS, type FaultName } from '../../operation/index.js';
import { Place } from './control/place.js';

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter', rpc: ['greet'] } as const;
  calls = 0;
  greet() {
    this.calls++;
  }
}

/** Nobody dials a node that it was not told to dial. */
const LISTEN = { listen: ['tcp://127.0.0.1:0'], connections: { min: 0 } };
const HOUR_MS = 3_600_000;

describe('doctor names the true cause', () => {
  let place: Place;
  let node: MeshNode;
  let client: ControlClient;
  let ends: (() => unknown)[];
  const seen = new Set<string>();

  beforeEach(async () => {
    place = new Place();
    ends = [];
    node = await place.node({ path: place.path() }, LISTEN);
    client = await ControlClient.connect(place.path());
  });
  afterEach(async () => {
    client.close();
    for (const end of ends) await end();
    await place.end();
  });

  const other = async (options: NodeOptions = {}) => {
    const one = await createNode({ logger: 'silent', ...LISTEN, ...options });
    place.nodes.push(one);
    await one.start();
    return one;
  };
  const addressOf = (one: MeshNode) => String(one.addresses[0]);
  const diagnose = async (params: object = {}) => (await client.request('doctor', params)) as Diagnosis;
  /** A loop that stands still is the machine's doing, unless a test makes it so. */
  const isOfTheNode = ({ fault }: { readonly fault: FaultName }) => fault !== 'loop-stalled';
  /** Found, and nothing beside it. */
  const finds = async (fault: FaultName, params: object, text: RegExp) => {
    const findings = (await diagnose(params)).findings.filter((finding) => finding.fault === fault || isOfTheNode(finding));
    expect(findings.map((finding) => finding.fault)).to.deep.equal([fault]);
    expect(findings[0]?.text).to.match(text);
    expect(findings[0]?.cure).to.equal(FAULTS[fault][1]);
    seen.add(fault);
  };
  const server = async (take: (socket: Socket) => void = () => {}): Promise<Server> => {
    const one = createServer(take).listen(0, '127.0.0.1');
    await once(one, 'listening');
    return one;
  };
  const portOf = (one: Server) => (one.address() as { port: number }).port;

  it('nothing is wrong', async () => {
    const ada = await other({ behaviors: [Greeter] });
    expect((await diagnose()).findings.filter(isOfTheNode)).to.deep.equal([]);
    const { findings, well } = await diagnose({ target: addressOf(ada), service: 64 });
    expect(findings.filter(isOfTheNode)).to.deep.equal([]);
    expect(well.join('\n')).to.match(
      /the node is running, .*\n.*event loop was late by \d+ ms.*\n.* is node [0-9a-f]{8}\n.* answers in .*\nservice 64 is offered there/,
    );
    expect(ada.behavior(Greeter).calls, 'no method is called').to.equal(0);
    // The other one may be about to try the address that it was told.
    const outgoing = node.connections().filter(({ direction }) => direction === 'outgoing');
    expect(outgoing, 'the connection is let go').to.deep.equal([]);
  });

  it('another network name, or another key', async () => {
    await finds('wrong-network', { target: addressOf(await other({ network: 'elsewhere' })) }, /another network name or key/);
    await finds(
      'wrong-network',
      { target: addressOf(await other({ networkKey: new Uint8Array(32).fill(7) })) },
      /another network name or key/,
    );
  });

  it('another version of the protocol, which a remote does not say but brings along', async () => {
    // As a later version might: it greets in its own way, and closes what comes in ours.
    const later = await server((socket) => socket.on('error', () => {}).destroy());
    ends.push(() => later.close());
    const refused = new Promise<void>((resolve) => node.on('refused', () => resolve()));
    const greeting = connect(Number(node.addresses[0]?.port), '127.0.0.1').on('error', () => {});
    greeting.write(Buffer.from('4d570201', 'hex'));
    await refused;
    await finds('other-version', {}, /another version of the wire protocol there: it has begun a handshake of that version/);
    await finds('other-version', { target: `tcp://127.0.0.1:${portOf(later)}` }, /another version/);
  });

  it('a limit of the remote, by its name', async () => {
    const full = await other({ connections: { max: 1, min: 0 } });
    await (await other()).connect(addressOf(full));
    await finds('remote-limit', { target: addressOf(full) }, /connectionsMax, which is set there by connections\.max/);
  });

  it('nothing answers', async () => {
    const { port, end } = await silentHost();
    ends.push(end);
    await finds(
      'no-answer',
      { target: `tcp://127.0.0.1:${port}` },
      /the host is down, its process is stopped, or a filter drops .*DIAL_TIMEOUT/,
    );
  });

  it('nobody listens at the port', async () => {
    const gone = await server();
    const port = portOf(gone);
    gone.close();
    await finds('port-refused', { target: `tcp://127.0.0.1:${port}` }, /the host is up, and nobody listens/);
  });

  it('the name does not resolve', () => finds('name-unresolved', { target: 'tcp://no-such-host.invalid:7400' }, /HOST_UNRESOLVED/));

  it('another node answers at the address', async () => {
    const [ada, bob] = [await other(), await other()];
    await finds('other-identity', { target: addressOf(ada).replace('tcp://', `tcp://${bob.id}@`) }, /IDENTITY_MISMATCH/);
  });

  it('the address is its own', () => finds('own-address', { target: addressOf(node) }, /SELF_DIAL/));

  it('there is no route', async () => {
    await node.connect(addressOf(await other()));
    await finds('no-route', { target: 'f'.repeat(64) }, /no route is known/);
  });

  it('the service is not offered, by one node or by any', async () => {
    const ada = await other({ behaviors: [Greeter] });
    await node.connect(addressOf(ada));
    await finds('service-missing', { target: ada.id, service: 65 }, /no service 65 runs there/);
    await finds('service-missing', { target: 'service:65' }, /nobody who can be reached offers/);
    expect((await diagnose({ target: 'service:64' })).findings, 'the one beside it is').to.deep.equal([]);
  });

  it('the clock is off', async () => {
    const early = { nowMs: () => nodeClock.nowMs(), wallMs: () => nodeClock.wallMs() - 7 * HOUR_MS };
    const ada = await other({ clock: early });
    await node.connect(addressOf(ada));
    await finds('clock-off', {}, /this one is up to 252\d\d s ahead of those of 1 of 1 neighbours/);
    await finds('clock-off', { target: ada.id }, /ahead of/);
    // It would be dialled again otherwise.
    await ada.stop();
    while (node.connections().length > 0) await new Promise(setImmediate);
    expect((await diagnose()).findings.filter(isOfTheNode)).to.deep.equal([]);
  });

  it('the event loop is stalled', async () => {
    const blocking = setInterval(() => {
      const untilMs = performance.now() + 400;
      while (performance.now() < untilMs);
    }, 500);
    ends.push(() => clearInterval(blocking));
    await finds('loop-stalled', {}, /stood still for (?:[3-9]\d\d|\d{4,}) ms/);
  });

  it('of a seed that cannot be connected, without being asked for it', async () => {
    const gone = await server();
    const port = portOf(gone);
    gone.close();
    await place.node({ path: place.path('b') }, { seeds: [`tcp://127.0.0.1:${port}`], builtins: ['handshake', 'rpc'] });
    const second = await ControlClient.connect(place.path('b'));
    ends.push(() => second.close());
    let { findings } = (await second.request('doctor', {})) as Diagnosis;
    while (findings.length === 0) ({ findings } = (await second.request('doctor', {})) as Diagnosis);
    expect(findings.map(({ fault, subject }) => [fault, subject])).to.deep.equal([['port-refused', `tcp://127.0.0.1:${port}`]]);
  });

  it('all twelve were seeded', () => {
    expect([...seen].sort()).to.deep.equal(
      Object.keys(FAULTS)
        .filter((name) => name !== 'other')
        .sort(),
    );
    expect(seen.size).to.equal(12);
  });
});

/** A host that takes no connection any more, as one that is down: its process is stopped, and the system's queue before it is full. */
async function silentHost(): Promise<{ readonly port: number; readonly end: () => void }> {
  const code = `const server = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;
  const host: ChildProcess = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(host.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  const port = Number(String(line));
  host.kill('SIGSTOP');
  const fillers: Socket[] = [];
  for (let isTaken = true; isTaken; ) {
    const filler = connect(port, '127.0.0.1').on('error', () => {});
    fillers.push(filler);
    isTaken = await Promise.race([
      once(filler, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
    ]);
  }
  const end = () => {
    for (const filler of fillers) filler.destroy();
    host.kill('SIGKILL');
  };
  return { port, end };
}
