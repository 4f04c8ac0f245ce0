/** @module Tests of what each node may use of a proxy, and what a slow or silent side holds, in virtual time. */
import { expect } from 'chai';
import { ProxyBehavior } from '../../../behaviours/proxy/index.js';
import { headBytes, REQUEST, readResponse, SOCK } from '../../../behaviours/proxy/messages.js';
import { StreamPipe } from '../../../behaviours/proxy/pipes/stream-pipe.js';
import { Account, Accounts } from '../../../behaviours/proxy/serving/accounts.js';
import { type LocalSocket, toNode } from '../../../core/index.js';
import { bytes, echo, type FakeSocket, FakeSockets, hex, line, readAll } from './support.js';

describe('quotas of a proxy (H-49)', () => {
  it('bytes per second are kept to within 10 %, however many connections share them', async () => {
    for (const count of [1, 5]) {
      const { sim, remote, near, far } = await line(2, { allow: ['127.0.0.1:7'], bytesPerSecond: 1_000_000 });
      let got = 0;
      far.serve(7, async (socket) => {
        for (let part = await socket.read(); part !== undefined; part = await socket.read()) got += part.length;
      });
      const { port } = await sim.waitFor(remote.proxy('127.0.0.1:7'));
      const fill = async (program: FakeSocket) => {
        for (;;) await program.write(new Uint8Array(65_536));
      };
      for (let index = 0; index < count; index++) void fill(await near.program(port)).catch(() => {});
      await sim.run(20_000);
      expect(got / 20, `${count} connections`).to.be.within(900_000, 1_100_000);
      await sim.stop();
    }
  });

  it('a body that nobody reads counts as one that is read', async () => {
    const { sim, caller, server } = await line(2, { bytesPerSecond: 1_000_000 });
    server.behavior(ProxyBehavior).onRequest(() => new Response('no', { status: 401 }));
    const pipe = new StreamPipe(await caller.openStream(toNode(server.id), 12));
    let sent = 0;
    const upload = async () => {
      const headers = [['Transfer-Encoding', 'chunked']] as const;
      await pipe.write(headBytes({ kind: REQUEST, method: 'POST', path: '/', headers, site: '' }));
      for (;;) {
        await pipe.write(new Uint8Array(65_536));
        sent += 65_536;
      }
    };
    upload().catch(() => {});
    const head = await sim.waitFor(pipe.head());
    expect(readResponse(head as Uint8Array)?.status).to.equal(401);
    await sim.run(20_000);
    expect(sent / 20).to.be.within(900_000, 1_100_000);
    expect(server.behavior(ProxyBehavior).counters.bytesSent / 20).to.be.within(900_000, 1_100_000);
    await sim.stop();
  });

  it('requests per second are kept to within 10 %', async () => {
    const { sim, remote, near, far, server } = await line(2, { allow: ['127.0.0.1:7'], requestsPerSecond: 20 });
    far.serve(7, (socket) => socket.end());
    const { port } = await sim.waitFor(remote.proxy('127.0.0.1:7'));
    for (let round = 0; round < 400; round++) {
      for (let count = 0; count < 4; count++) void near.program(port).then((program) => program.end());
      await sim.run(50);
    }
    const { served, overloaded } = server.behavior(ProxyBehavior).counters;
    expect(served / 20).to.be.within(18, 22);
    expect(served + overloaded).to.equal(1_600);
    await sim.stop();
  });

  it('streams of one node are bounded exactly, and the reason is said', async () => {
    const { sim, remote, near, far, server } = await line(2, { allow: ['127.0.0.1:7'], streamsPerNode: 3 });
    far.serve(7, echo);
    const { port } = await sim.waitFor(remote.httpProxy());
    const answers: string[] = [];
    const programs: FakeSocket[] = [];
    for (let index = 0; index < 5; index++) {
      const program = await near.program(port);
      programs.push(program);
      await sim.waitFor(program.write(bytes('CONNECT 127.0.0.1:7 HTTP/1.1\r\nHost: a\r\n\r\n')));
      answers.push(Buffer.from((await sim.waitFor(program.read())) as Uint8Array).toString());
    }
    expect(answers.map((answer) => answer.slice(9, 12))).to.deep.equal(['200', '200', '200', '503', '503']);
    expect(answers[4]).to.match(/error=connection_limit_reached[\s\S]*limit streamsPerNode\n$/);
    expect(server.limits().behaviors['proxy']).to.include({ streamsPerNode: 3, streamsMax: 1_024 });
    programs[0]?.reset('');
    await sim.run(1_000);
    const program = await near.program(port);
    await sim.waitFor(program.write(bytes('CONNECT 127.0.0.1:7 HTTP/1.1\r\nHost: a\r\n\r\n')));
    expect(Buffer.from((await sim.waitFor(program.read())) as Uint8Array).toString()).to.match(/^HTTP\/1.1 200/);
    await sim.stop();
  });

  it('nodes behind relays share one account, whatever they call themselves', () => {
    const quotas = { streamsPerNode: 2, streamsMax: 4, requestsPerSecond: 100, bytesPerSecond: 1_000 };
    const accounts = new Accounts(quotas);
    const kinds = ['a', 'b', 'c'].map((id) => accounts.enter(id, false, 0));
    expect(kinds.map((kind) => typeof kind)).to.deep.equal(['object', 'object', 'string']);
    expect(kinds[2]).to.equal('streamsPerNode');
    const [verified] = [accounts.enter('a', true, 0)];
    expect(verified).to.be.an.instanceOf(Account);
    expect(accounts.enter('b', true, 0)).to.be.an.instanceOf(Account);
    expect(accounts.enter('c', true, 0)).to.equal('streamsMax');
    accounts.leave(verified as Account);
    expect(accounts.enter('c', true, 0)).to.be.an.instanceOf(Account);
  });
});

describe('slow and silent sides of a proxy', () => {
  it('a target that does not read holds 256 KiB at most, and so does a program', async () => {
    const { sim, remote, near, far, caller, server } = await line(2, { allow: ['127.0.0.1:*'] });
    let fromTarget = 0;
    far.serve(7, async () => {});
    far.serve(8, async (socket) => {
      for (;;) {
        await socket.write(new Uint8Array(16_384));
        fromTarget += 16_384;
      }
    });
    const [toSilent, toBusy] = [await sim.waitFor(remote.proxy('127.0.0.1:7')), await sim.waitFor(remote.proxy('127.0.0.1:8'))];
    const program = await near.program(toSilent.port);
    const fill = async () => {
      for (;;) await program.write(new Uint8Array(65_536));
    };
    fill().catch(() => {});
    await near.program(toBusy.port);
    await sim.run(60_000);
    const held = (node: typeof server) => node.queues().find(({ name }) => name === 'streams.received')?.bytes ?? 0;
    // Beside that, the one piece that is being written.
    expect(held(server) + 65_536).to.be.within(190_000, 262_144);
    expect(held(caller) + 65_536).to.be.within(190_000, 262_144);
    expect(fromTarget, 'the window, and what is on its way into it').to.be.below(524_288);
    await sim.stop();
  });

  it('a silent connection ends after the idle time of the node that lends, whatever the caller allows', async () => {
    const { sim, caller, far, server } = await line(2, { allow: ['127.0.0.1:7'], idleMs: 5_000 });
    far.serve(7, echo);
    const pipe = new StreamPipe(await caller.openStream(toNode(server.id), 12, { silenceMs: 86_400_000 }));
    await pipe.write(headBytes({ kind: SOCK, target: '127.0.0.1:7' }));
    await sim.waitFor(pipe.head());
    for (let round = 0; round < 4; round++) {
      await sim.run(4_000);
      await pipe.write(bytes('x'));
      expect((await sim.waitFor(pipe.read()))?.length).to.equal(1);
    }
    const ended = pipe.read().catch(({ message }: Error) => message);
    await sim.run(6_000);
    expect(server.queues().find(({ name }) => name === 'proxy.streams')?.messages).to.equal(0);
    expect(await sim.waitFor(ended)).to.equal('nothing was sent or received for 5000 ms');
    await sim.stop();
  });

  it('row 88: a CONNECT that is never complete, and a greeting that never comes, end in time', async () => {
    const { sim, remote, near } = await line(2, { headTimeoutMs: 3_000 });
    const [http, socks] = [await sim.waitFor(remote.httpProxy()), await sim.waitFor(remote.socks())];
    const talk = async (port: number, parts: readonly Uint8Array[]) => {
      const program = await near.program(port);
      const answer = readAll(program);
      for (const part of parts) {
        void program.write(part).catch(() => {});
        await sim.run(500);
      }
      return sim.waitFor(answer);
    };
    const startMs = sim.nowMs;
    expect(await talk(http.port, [])).to.match(/^HTTP\/1.1 408 /);
    expect(await talk(http.port, [bytes('CONNECT a.test:443 HTTP/1.1\r\n')])).to.match(/^HTTP\/1.1 408 /);
    expect(
      await talk(
        http.port,
        Array.from({ length: 40 }, (_, at) => bytes(`x${at}: y\r\n`)),
      ),
    ).to.match(/^HTTP\/1.1 408 /);
    expect(await talk(socks.port, [hex('05')])).to.equal('<ECONNRESET>');
    expect(await talk(socks.port, [hex('05 01 00'), hex('05 01')])).to.equal('\x05\x00<ECONNRESET>');
    expect(sim.nowMs - startMs).to.be.below(60_000);
    await sim.stop();
  });

  it('row 88: a head without an end is refused when it is too large', async () => {
    const { sim, remote, near } = await line(2, {});
    const { port } = await sim.waitFor(remote.httpProxy());
    const program = await near.program(port);
    const answer = readAll(program);
    for (let count = 0; count < 9; count++) await sim.waitFor(program.write(bytes(`X: ${'y'.repeat(2_000)}\r\n`))).catch(() => {});
    expect(await sim.waitFor(answer)).to.match(/^HTTP\/1.1 431 /);
    await sim.stop();
  });

  it('connections of programs are bounded, and end with their entrance', async () => {
    const near = new FakeSockets();
    const { sim, remote, far, caller } = await line(2, { allow: ['127.0.0.1:7'], programsMax: 2 }, [near, new FakeSockets()]);
    const ends: LocalSocket[] = [];
    far.serve(7, async (socket) => void ends.push(socket));
    const local = await sim.waitFor(remote.proxy('127.0.0.1:7'));
    const programs = [await near.program(local.port), await near.program(local.port), await near.program(local.port)];
    expect(programs[2]?.resetReason).to.equal('');
    await sim.run(500);
    expect(ends).to.have.lengthOf(2);
    local.close();
    for (const program of programs) expect(await sim.waitFor(readAll(program))).to.equal('<ECONNRESET>');
    for (const end of ends) expect(await sim.waitFor(readAll(end))).to.equal('<ECONNRESET>');
    expect(caller.behavior(ProxyBehavior).counters).to.include({ programs: 2, programsRefused: 1 });
    await sim.stop();
  });
});
