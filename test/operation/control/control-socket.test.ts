/** @module Tests of the control socket: where it is, what may be in its place, and what it answers. */
import { existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { createNode, type MeshNode, NetworkBehavior, shortId, toNode } from '../../../index.js';
import { ControlClient, type Identification, type PingResult, type TopSnapshot } from '../../../operation/index.js';
import { SimulatedNetwork } from '../../../simulation.js';
import { compiled, Program } from '../../cli/program.js';
import { Place, refusal, request } from './place.js';

class Greeter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'greeter', rpc: ['greet', 'wait', 'much'] } as const;
  greet({ name }: { name: string }) {
    return { text: `Hello ${name}`, bytes: Uint8Array.of(1, 255), large: 2n ** 60n };
  }
  wait() {
    return new Promise<never>(() => {});
  }
  much() {
    return 'x'.repeat(700_000) + '\n'.repeat(200_000);
  }
}

const WITH_GREETER = { listen: ['tcp://127.0.0.1:0'], behaviors: [Greeter] };

describe('the control socket', () => {
  let place: Place;
  let clients: ControlClient[];
  const client = async (path = place.path()) => {
    const one = await ControlClient.connect(path);
    clients.push(one);
    return one;
  };
  beforeEach(() => {
    place = new Place();
    clients = [];
  });
  afterEach(async () => {
    for (const one of clients) one.close();
    await place.end();
  });

  describe('its place', () => {
    it('is at the path of the option, with the mode 0600, from the start until the end of the node', async () => {
      const node = await createNode({ logger: 'silent', control: { path: place.path() } });
      place.nodes.push(node);
      expect(existsSync(place.path())).to.equal(false);
      const mask = process.umask();
      await node.start();
      expect(process.umask(), 'the mask of the process').to.equal(mask);
      expect(lstatSync(place.path()).isSocket()).to.equal(true);
      expect(lstatSync(place.path()).mode & 0o777).to.equal(0o600);
      await node.stop();
      expect(readdirSync(place.directory)).to.deep.equal([]);
    });

    it('is in the data directory by default, else in the folder of the user, under the short id', async () => {
      const data = join(place.directory, 'data');
      const kept = await place.node({}, { dataDirectory: data });
      expect((await client(join(data, 'control.sock'))).node.nodeId).to.equal(kept.id);
      const before = process.env.XDG_RUNTIME_DIR;
      process.env.XDG_RUNTIME_DIR = place.directory;
      try {
        const free = await place.node({});
        expect((await client(place.path(`meshwright-${shortId(free.id)}.sock`))).node.nodeId).to.equal(free.id);
      } finally {
        if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
        else process.env.XDG_RUNTIME_DIR = before;
      }
    });

    it('has 100 bytes at most', async () => {
      const path = (bytes: number) => place.path('x'.repeat(bytes - Buffer.byteLength(`${place.directory}/`)));
      await place.node({ path: path(100) });
      const error = await refusal(createNode({ control: { path: path(101) } }));
      expect([error.code, error.message]).to.deep.equal([
        'OPTION_INVALID',
        'createNode: option control.path is a path of 101 bytes; it must have 100 at most',
      ]);
    });

    it('is refused with other options, and where there are no sockets', async () => {
      const code = async (control: object) => (await refusal(createNode({ control }))).message;
      expect(await code({ paths: 'x' })).to.equal('createNode: option control.paths is unknown; did you mean path?');
      expect(await code({ allow: ['ping'] })).to.match(/control\.allow\[0\] is "ping"; it must be one of call, stop/);
      expect(await code({ allow: ['stop', 'stop'] })).to.match(/no two of them the same/);
      const network = new SimulatedNetwork({ seed: 1 });
      const error = await refusal(network.createNode({ control: { path: place.path() } }));
      expect(error.message).to.match(/option control cannot be used here/);
    });

    it('takes the place of what a process that was killed has left', async () => {
      const left = new Program(['-e', `require('net').createServer().listen(${JSON.stringify(place.path())}, () => console.log('up'))`]);
      await left.next(/up/);
      await left.kill();
      expect(lstatSync(place.path()).isSocket()).to.equal(true);
      const node = await place.node();
      expect((await client()).node.nodeId).to.equal(node.id);
      expect(readdirSync(place.directory)).to.deep.equal(['a.sock']);
    });

    it('is CONTROL_IN_USE while somebody listens there, a node or another program, and that goes on', async () => {
      const node = await place.node();
      const error = await refusal(place.node());
      expect([error.code, error.details.path]).to.deep.equal(['CONTROL_IN_USE', place.path()]);
      expect((await client()).node.nodeId).to.equal(node.id);
      const server: Server = createServer();
      await new Promise<void>((resolve) => server.listen(place.path('other'), resolve));
      expect((await refusal(place.node({ path: place.path('other') }))).code).to.equal('CONTROL_IN_USE');
      server.close();
    });

    it('does not replace a file, nor open where it may not', async () => {
      writeFileSync(place.path(), 'precious');
      const error = await refusal(place.node());
      expect(error.code).to.equal('CONTROL_UNAVAILABLE');
      expect(error.message).to.match(/a file that is no socket is in its place$/);
      expect(lstatSync(place.path()).size).to.equal(8);
      const missing = await refusal(place.node({ path: place.path('no/a.sock') }));
      expect([missing.code, missing.message]).to.deep.equal([
        'CONTROL_UNAVAILABLE',
        `the control socket ${place.path('no/a.sock')} cannot be opened: its directory does not exist`,
      ]);
    });

    it('is opened by a worker thread, too, in a directory that is closed to others', async () => {
      const module = JSON.stringify(new URL('../../../index.js', import.meta.url).href);
      const code = `const { parentPort, workerData } = require('worker_threads');
        import(${module}).then(async ({ createNode }) => {
          const node = await createNode({ logger: 'silent', control: { path: workerData } });
          await node.start();
          parentPort.postMessage(node.id);
          parentPort.once('message', () => node.stop());
        });`;
      const worker = new Worker(code, { eval: true, workerData: place.path() });
      const id = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      expect((await client()).node.nodeId).to.equal(id);
      expect(lstatSync(place.path()).mode & 0o777).to.equal(0o600);
      worker.postMessage('stop');
      await new Promise((resolve) => worker.once('exit', resolve));
    });

    it('keeps no process alive', async () => {
      const program = new Program([compiled('test/operation/control/idle.child.js'), place.path()]);
      expect(await program.end()).to.equal(0);
      expect(program.lines).to.deep.equal(['started']);
    });
  });

  describe('its methods', () => {
    let ada: MeshNode;
    beforeEach(async () => {
      ada = await place.node({ path: place.path(), allow: ['call', 'stop'] }, WITH_GREETER);
    });

    it('id says who the node is', async () => {
      const { node } = await client();
      expect(node).to.deep.equal({
        nodeId: ada.id,
        network: 'public',
        state: 'running',
        addresses: ada.addresses.map(String),
        connectionCount: 0,
        allow: ['call', 'stop'],
        pid: process.pid,
        socket: place.path(),
        protocol: 1,
      } satisfies Identification);
    });

    it('call calls a method of this node or of another one, by id and by its first digits; JSON has bytes as hex', async () => {
      const bob = await place.node({ path: place.path('b') }, WITH_GREETER);
      await bob.connect(String(ada.addresses[0]));
      const one = await client();
      const call = (target: string) => one.request('call', { target, service: 64, method: 'greet', value: { name: 'you' } });
      const expected = { value: { text: 'Hello you', bytes: '01ff', large: '1152921504606846976' } };
      for (const target of ['local', ada.id, bob.id, bob.id.slice(0, 8), bob.id.slice(0, 4).toUpperCase(), 'service:64'])
        expect(await call(target), target).to.deep.equal(expected);
      const missing = ada.id.startsWith('0000') || bob.id.startsWith('0000') ? '1111' : '0000';
      expect((await refusal(call(missing))).message).to.equal(
        `target "${missing}": its digits begin the id of none of the connected nodes`,
      );
      expect((await refusal(call('abc'))).code).to.equal('ARGUMENT_INVALID');
      expect((await refusal(call('service:256'))).code).to.equal('ARGUMENT_INVALID');
    });

    it('call reports what the call fails by, its deadline included', async () => {
      const one = await client();
      const fail = (params: object) => refusal(one.request('call', { target: 'local', service: 64, ...params }));
      const unknown = await fail({ method: 'dance' });
      expect([unknown.code, unknown.details.method]).to.deep.equal(['RPC_METHOD_UNKNOWN', 'dance']);
      expect((await fail({ method: 'wait', timeoutMs: 20 })).code).to.equal('RPC_TIMEOUT');
      expect((await fail({ method: 'wait', timeoutMs: 9_501 })).message).to.match(/^call: option timeoutMs is 9501; it must be/);
      expect((await fail({ method: 'wait', extra: 1 })).message).to.match(/option extra is unknown/);
      const large = await fail({ method: 'much' });
      expect([large.code, large.details.maximum]).to.deep.equal(['LIMIT_EXCEEDED', 1_048_576]);
    });

    it('ping measures to a node, over a relay too, and to an address, whose connection it ends', async () => {
      const bob = await place.node({ path: place.path('b') }, WITH_GREETER);
      const cay = await place.node(
        { path: place.path('c') },
        { seeds: [String(ada.addresses[0])], builtins: ['handshake', 'rpc', 'router-sync'] },
      );
      await cay.whenConnected(ada.id);
      await bob.connect(String(ada.addresses[0]));
      await cay.whenReachable(toNode(bob.id));
      const one = await client(place.path('c'));
      const ping = async (target: string) => (await one.request('ping', { target })) as PingResult;
      const known = await ping(ada.id);
      expect(known).to.deep.include({ nodeId: ada.id });
      expect(known.rttMs).to.be.within(0, 5_000);
      expect((await ping(bob.id)).rttMs, 'over a relay').to.be.within(0, 5_000);
      expect(cay.connections()).to.have.length(1);
      const fresh = await ping(String(bob.addresses[0]));
      expect(fresh.nodeId).to.equal(bob.id);
      expect(fresh.connectMs).to.be.a('number');
      expect(cay.connections().map(({ nodeId }) => nodeId)).to.deep.equal([ada.id]);
      expect((await ping(String(ada.addresses[0]))).connectMs, 'a connection that is there').to.equal(undefined);
      expect(cay.connections()).to.have.length(1);
      expect((await refusal(ping('f'.repeat(64)))).code).to.equal('RPC_UNREACHABLE');
    });

    it('explain says why a route goes where it goes', async () => {
      const one = await client();
      const action = async (target: string) => ((await one.request('explain', { target })) as { action: object }).action;
      expect(await action(ada.id)).to.deep.equal({ type: 'local' });
      expect(await action('f'.repeat(64))).to.deep.equal({ type: 'reject' });
      expect(await action(`key:${ada.id.slice(0, 8)}`)).to.deep.equal({ type: 'local' });
      expect((await refusal(action('tcp://127.0.0.1:1'))).code).to.equal('ARGUMENT_INVALID');
      expect((await refusal(action('key:1234567'))).code).to.equal('ARGUMENT_INVALID');
    });

    it('top shows connections with their round trips, queues, metrics and the process', async () => {
      const bob = await place.node({ path: place.path('b') }, WITH_GREETER);
      const connection = await bob.connect(String(ada.addresses[0]));
      const one = await client(place.path('b'));
      let snapshot = (await one.request('top', {})) as TopSnapshot;
      while (snapshot.connections[0]?.rttMs === undefined) snapshot = (await one.request('top', {})) as TopSnapshot;
      expect(snapshot).to.deep.include({ nodeId: bob.id, state: 'running', connectionCount: 1 });
      expect(snapshot.connections[0]).to.deep.include({ id: connection.id, nodeId: ada.id, direction: 'outgoing' });
      expect(snapshot.metrics).to.include({ connections_open: 1 });
      expect(snapshot.process).to.include({ pid: process.pid });
    });

    it('stop ends the node after its answer, and the connection with it', async () => {
      const one = await client();
      expect(await one.request('stop', {})).to.deep.equal({ state: 'stopping' });
      await one.closed;
      expect(ada.state).to.equal('stopped');
      expect((await refusal(ControlClient.connect(place.path()))).code).to.equal('CONTROL_UNAVAILABLE');
    });

    it('call and stop need to be allowed; the others do not', async () => {
      const bob = await place.node({ path: place.path('b') });
      const one = await client(place.path('b'));
      for (const method of ['call', 'stop']) {
        const error = await refusal(one.request(method, { target: 'local', service: 64, method: 'greet' }));
        expect([error.code, error.details.permission]).to.deep.equal(['CONTROL_DENIED', method]);
      }
      expect(bob.state).to.equal('running');
      for (const method of ['id', 'top']) await one.request(method, {});
      for (const method of ['explain', 'ping']) await one.request(method, { target: 'local' });
      const unknown = await refusal(one.request('toString', {}));
      expect(unknown.message).to.match(/^the control socket has no method "toString"; there are /);
    });

    it('answers requests that come at once in their order, and one before a half-close', async () => {
      const bare = await place.bare();
      bare.say(request(1, 'id') + request(2, 'explain', { target: 'local' }) + request(3, 'nothing'));
      bare.socket.end();
      expect([(await bare.next()).id, (await bare.next()).id]).to.deep.equal([1, 2]);
      expect(((await bare.next()).error as { code: string }).code).to.equal('ARGUMENT_INVALID');
      await bare.closed;
    });
  });
});
