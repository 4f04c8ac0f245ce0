/** @module Tests of proxied connections, in virtual time: who may be connected, how both sides end, what each node may use. */
import { expect } from 'chai';
import { ProxyBehavior, type ProxyOptions } from '../../../behaviours/proxy/index.js';
import type { LocalSocket, NetworkError } from '../../../core/index.js';
import type { SimulatedNode } from '../../../simulation.js';
import { bytes, echo, FakeSockets, hex, line, readAll } from './support.js';

const proxyOf = (node: SimulatedNode) => node.behavior(ProxyBehavior);

/** Row 87: each is refused, whatever the rules below allow. */
const FORBIDDEN: readonly (readonly [target: string, answers?: readonly (readonly string[])[]])[] = [
  ['127.0.0.1:22'],
  ['127.8.8.8:80'],
  ['127.1:80'],
  ['0x7f000001:80'],
  ['2130706433:80'],
  ['0177.0.0.1:80'],
  ['0.0.0.0:80'],
  ['[::1]:80'],
  ['[::]:80'],
  ['[::ffff:127.0.0.1]:80'],
  ['[::127.0.0.1]:80'],
  ['[64:ff9b::7f00:1]:80'],
  ['[2002:7f00:1::1]:80'],
  ['10.1.2.3:80'],
  ['172.16.0.1:80'],
  ['192.168.1.1:80'],
  ['100.64.0.1:80'],
  ['169.254.169.254:80'],
  ['[fe80::1]:80'],
  ['[fd00::1]:80'],
  ['224.0.0.1:80'],
  ['255.255.255.255:80'],
  ['192.0.2.1:80'],
  ['9.9.9.9:25'],
  ['203.0.112.9:80'],
  ['localhost:80', [['127.0.0.1', '::1']]],
  ['inside.example:80', [['10.0.0.9']]],
  ['rebound.example:80', [['9.9.9.9'], ['127.0.0.1']]],
  ['mixed.example:80', [['fd00::7', '::ffff:10.0.0.1']]],
];

describe('proxied connections (TH-11, TH-29, H-49)', () => {
  it('row 87: 29 of 29 forbidden targets are refused, and no attempt to connect leaves', async () => {
    expect(FORBIDDEN).to.have.lengthOf(29);
    const { sim, remote, near, far, server } = await line(2, { allow: ['*:80', '*.example:80', '10.0.0.7:80'] });
    far.own.add('203.0.112.9');
    for (const [target, answers = []] of FORBIDDEN) far.names.set(target.replace(/:\d+$/, ''), [...answers]);
    far.serve(80, echo, '9.9.9.9');
    const { port } = await sim.waitFor(remote.socks());
    const replyTo = async (target: string) => {
      const [host, wanted] = [target.slice(0, target.lastIndexOf(':')).replace(/[[\]]/g, ''), Number(target.split(':').at(-1))];
      const program = await near.program(port);
      const request = [hex('05 01 00 05 01 00 03'), Uint8Array.of(host.length), bytes(host), Uint8Array.of(wanted >> 8, wanted & 255)];
      await sim.waitFor(program.write(Buffer.concat(request)));
      void program.end();
      return Buffer.from(await sim.waitFor(readAll(program)), 'latin1').toString('hex');
    };
    const ok = '0500' + '05000001000000000000';
    expect(await replyTo('rebound.example:80'), 'the first answer is public').to.equal(ok);
    expect(far.attempts.splice(0)).to.deep.equal(['9.9.9.9:80']);
    // The resolver may answer otherwise by now: what is connected is what was checked.
    for (const [target] of FORBIDDEN) {
      const reply = await replyTo(target);
      expect(reply, target).to.match(/^0500050[28]0001/);
    }
    expect(far.attempts).to.deep.equal([]);
    expect(proxyOf(server).counters).to.include({ served: 1, denied: 25 });
    await sim.stop();
  });

  it('row 87: without a rule nothing is served; a name that no rule could admit is not even looked up', async () => {
    const { sim, remote, near, far } = await line(2, {});
    far.names.set('a.example', [['9.9.9.9']]);
    for (const target of ['9.9.9.9:80', '127.0.0.1:80', 'a.example:80']) {
      const { port } = await sim.waitFor(remote.proxy(target));
      const program = await near.program(port);
      expect(await sim.waitFor(readAll(program)), target).to.equal('<ECONNRESET>');
    }
    expect([far.attempts, far.lookUps]).to.deep.equal([[], []]);
    await sim.stop();
  });

  for (const hops of [1, 2])
    it(`TH-12: proxy() gives a local ip:port that leads to the target, each direction ended by itself: ${hops} hops`, async () => {
      const { sim, remote, near, far, server } = await line(hops + 1, { allow: ['127.0.0.1:7'] });
      const heard: string[] = [];
      far.serve(7, async (socket) => {
        heard.push(await readAll(socket));
        await socket.write(bytes('and back'));
        await socket.end();
      });
      const local = await sim.waitFor(remote.proxy('127.0.0.1:7'));
      expect(local.address).to.equal(`127.0.0.1:${local.port}`);
      const program = await near.program(local.port);
      await sim.waitFor(program.write(bytes('there, ')));
      await sim.waitFor(program.write(bytes('half closed')));
      await program.end();
      expect(await sim.waitFor(readAll(program))).to.equal('and back');
      expect(heard).to.deep.equal(['there, half closed']);
      await sim.run(100);
      expect(server.queues().find(({ name }) => name === 'proxy.streams')?.messages).to.equal(0);
      expect(proxyOf(server).counters).to.include({ served: 1, broken: 0, bytesSent: 18, bytesReceived: 8 });
      local.close();
      expect(near.listeners.size).to.equal(0);
      await sim.stop();
    });

  it('a reset goes through both ways, and so does the end of either node', async () => {
    const { sim, remote, near, far, server, caller } = await line(2, { allow: ['127.0.0.1:7'] });
    const ends: LocalSocket[] = [];
    far.serve(7, async (socket) => void ends.push(socket));
    const { port } = await sim.waitFor(remote.proxy('127.0.0.1:7'));
    const open = async () => {
      const program = await near.program(port);
      await sim.run(100);
      return [program, ends.at(-1) as LocalSocket] as const;
    };
    const [one, oneEnd] = await open();
    one.reset('');
    expect(await sim.waitFor(readAll(oneEnd))).to.equal('<ECONNRESET>');
    const [two, twoEnd] = await open();
    twoEnd.reset('');
    expect(await sim.waitFor(readAll(two))).to.equal('<ECONNRESET>');
    const [three] = await open();
    caller.disconnect(caller.connections()[0]?.id as number);
    expect(await sim.waitFor(readAll(three))).to.equal('<ECONNRESET>');
    await sim.run(5_000);
    const [four, fourEnd] = await open();
    server.removeBehavior(ProxyBehavior);
    expect(await sim.waitFor(readAll(four))).to.equal('<ECONNRESET>');
    expect(await sim.waitFor(readAll(fourEnd))).to.equal('<ECONNRESET>');
    await sim.stop();
  });

  it('a connection that fails before its opener was answered is counted as served, and as failed later', async () => {
    const { sim, remote, near, far, server } = await line(2, { allow: ['127.0.0.1:7'] });
    far.serve(7, async () => server.disconnect(server.connections()[0]?.id as number));
    const { port } = await sim.waitFor(remote.proxy('127.0.0.1:7'));
    expect(await sim.waitFor(readAll(await near.program(port)))).to.equal('<ECONNRESET>');
    expect(proxyOf(server).counters).to.include({ served: 1, broken: 1, targetsFailed: 0, bytesSent: 0 });
    await sim.stop();
  });

  it('an entrance for any target asks for credentials, unless its host is loopback, however that is written', async () => {
    const { sim, remote } = await line(2, {});
    const outcomeOf = (host: string, given = {}) =>
      sim.waitFor(remote.socks({ host, ...given })).then(
        () => 'ok',
        ({ code, message }: NetworkError) => `${code} ${message}`,
      );
    for (const host of ['127.0.0.1', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])
      expect(await outcomeOf(host), host).to.equal('ok');
    for (const host of ['126.255.255.255', '128.0.0.1', '0.0.0.0', '::', '::2', '::ffff:128.0.0.1']) {
      expect(await outcomeOf(host), host).to.match(/^ARGUMENT_INVALID .*credentials/);
      expect(await outcomeOf(host, { credentials: { user: 'u', password: 'p' } }), host).to.equal('ok');
    }
    expect(await outcomeOf('localhost')).to.match(/^ARGUMENT_INVALID .*numeric host/);
    await sim.stop();
  });

  it('a target that refuses, is unknown or silent is answered at once, or in time, with its own reason', async () => {
    const { sim, remote, near, far } = await line(2, { allow: ['127.0.0.1:*', '*.example:*'], connectTimeoutMs: 3_000 });
    far.serve(7, echo);
    const [socks, http] = [await sim.waitFor(remote.socks()), await sim.waitFor(remote.httpProxy())];
    const replyTo = async (request: string) => {
      const program = await near.program(socks.port);
      await sim.waitFor(program.write(hex(`05 01 00 05 01 00 ${request}`)));
      void program.end();
      return Buffer.from(await sim.waitFor(readAll(program)), 'latin1')
        .toString('hex')
        .slice(4, 8);
    };
    const answerTo = async (target: string) => {
      const program = await near.program(http.port);
      await sim.waitFor(program.write(bytes(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`)));
      void program.end();
      const answer = await sim.waitFor(readAll(program));
      return `${answer.slice(9, 12)} ${/error=(\w+)/.exec(answer)?.[1] ?? ''} ${answer.split('\r\n\r\n')[1] ?? ''}`.trim();
    };
    expect(await replyTo('01 7f000001 0007')).to.equal('0500');
    expect(await replyTo('01 7f000001 0008'), 'refused').to.equal('0505');
    expect(await replyTo('01 7f000001 0009'), 'silent').to.equal('0504');
    expect(await replyTo('03 09 612e6578616d706c65 0007'), 'unknown').to.equal('0504');
    expect(await replyTo('01 0a000001 0007'), 'forbidden').to.equal('0502');
    expect(await answerTo('127.0.0.1:7')).to.equal('200');
    expect(await answerTo('127.0.0.1:8')).to.equal('502 connection_refused the target cannot be connected: ECONNREFUSED');
    expect(await answerTo('127.0.0.1:9')).to.equal('504 connection_timeout the target was not connected within 3000 ms');
    expect(await answerTo('a.example:7')).to.equal('502 dns_error the name was not found: ENOTFOUND');
    expect(await answerTo('10.0.0.1:7')).to.equal('403 destination_ip_prohibited the rules of the node do not allow the target');
    await sim.stop();
  });

  it('a program that goes while it is answered leaves nothing on the other side', async () => {
    const { sim, remote, near, far, server } = await line(2, { allow: ['127.0.0.1:7'] });
    far.serve(7, echo);
    for (const request of [hex('05 01 00 05 01 00 01 7f000001 0007'), bytes('CONNECT 127.0.0.1:7 HTTP/1.1\r\nHost: a\r\n\r\n')]) {
      const entrance = await sim.waitFor(request[0] === 5 ? remote.socks() : remote.httpProxy());
      const program = await near.program(entrance.port);
      await sim.waitFor(program.write(request));
      await sim.run(5);
      program.reset('');
      await sim.run(1_000);
      expect(server.queues().find(({ name }) => name === 'proxy.streams')?.messages).to.equal(0);
      expect(server.queues().find(({ name }) => name === 'streams.received')?.messages).to.equal(0);
    }
    await sim.stop();
  });

  it('row 89: a loop A->B->A ends within one round, whichever of its connections is known first', async () => {
    const shared = new FakeSockets();
    const { sim, remote, near, server } = await line(2, { allow: ['127.0.0.1:*'] }, [shared, shared]);
    const { port } = await sim.waitFor(remote.proxy('127.0.0.1:4711', { port: 4711 }));
    const before = shared.attempts.length;
    const program = await near.program(port);
    expect(await sim.waitFor(readAll(program))).to.equal('<ECONNRESET>');
    await sim.run(10_000);
    expect(shared.attempts.length - before, 'the program and one round').to.be.at.most(2);
    expect(proxyOf(server).counters.loops).to.equal(1);
    await sim.stop();
  });

  for (const count of [2, 3])
    it(`row 89: a loop over entrances of ${count} nodes ends within one round; a chain that is none does not`, async () => {
      const machines = Array.from({ length: count }, (_, at) => new FakeSockets(`machine ${at}`));
      const { sim, nodes } = await line(count, { allow: ['127.0.0.1:*'] }, machines);
      for (const [at, node] of nodes.entries()) {
        const next = nodes[(at + 1) % count] as SimulatedNode;
        await sim.waitFor(proxyOf(node).to(next.id).proxy('127.0.0.1:4711', { port: 4711 }));
        // On the last node these lead to a target.
        if (at < count - 1) await sim.waitFor(proxyOf(node).to(next.id).proxy('127.0.0.1:7', { port: 7 }));
      }
      machines.at(-1)?.serve(7, echo);
      const attempts = () => machines.reduce((sum, machine) => sum + machine.attempts.length, 0);
      const program = await (machines[0] as FakeSockets).program(4711);
      expect(await sim.waitFor(readAll(program))).to.equal('<ECONNRESET>');
      await sim.run(10_000);
      expect(attempts(), 'the program, and one round').to.equal(1 + count);
      expect(nodes.reduce((sum, node) => sum + proxyOf(node).counters.loops, 0)).to.equal(1);
      const other = await (machines[0] as FakeSockets).program(7);
      await sim.waitFor(other.write(bytes('through')));
      expect(Buffer.from((await sim.waitFor(other.read())) as Uint8Array).toString()).to.equal('through');
      await sim.stop();
    });

  it('nodes that are not named are not served', async () => {
    const nobody = '0'.repeat(64) as NonNullable<ProxyOptions['nodes']>[number];
    const { sim, remote, near, far } = await line(2, { allow: ['127.0.0.1:7'], nodes: [nobody] });
    const { port } = await sim.waitFor(remote.proxy('127.0.0.1:7'));
    expect(await sim.waitFor(readAll(await near.program(port)))).to.equal('<ECONNRESET>');
    expect(far.attempts).to.deep.equal([]);
    await sim.stop();
  });
});
