/**
 * @module Row 111: the control socket under other users, garbage, programs that do not read or do not write, and ten thousand of them. The node and
 * an honest program suffer nothing. The waits of 10 s come when a test says so.
 */
import { chmodSync } from 'node:fs';
import { createConnection } from 'node:net';
import { expect } from 'chai';
import { nodeTimers } from '../../../core/platform/node/ports-node.js';
import { type MeshNode, NetworkBehavior, type Timers } from '../../../index.js';
import { ControlClient } from '../../../operation/index.js';
import { Program } from '../../cli/program.js';
import { type Bare, Place, refusal, request } from './place.js';

const STEP_MS = 10_000;
const LINE_BYTES_MAX = 1_048_576;
const CLIENTS_MAX = 16;

/** Real timers, but for those of a step, which end when they are told to. */
class StepTimers implements Timers {
  private readonly steps = new Set<() => void>();
  readonly endOfTurn = nodeTimers.endOfTurn;

  after(delayMs: number, callback: () => void): () => void {
    if (delayMs !== STEP_MS) return nodeTimers.after(delayMs, callback);
    this.steps.add(callback);
    return () => void this.steps.delete(callback);
  }

  get count(): number {
    return this.steps.size;
  }

  pass(): void {
    const due = [...this.steps];
    this.steps.clear();
    for (const callback of due) callback();
  }
}

class Waiter extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'waiter', rpc: ['wait', 'much'] } as const;
  begun = 0;
  cancelled = 0;
  wait(_: unknown, { signal }: { signal: AbortSignal }) {
    this.begun++;
    signal.addEventListener('abort', () => {
      this.cancelled++;
    });
    return new Promise<never>(() => {});
  }
  much() {
    return 'x'.repeat(900_000);
  }
}

describe('row 111: the control socket', () => {
  let place: Place;
  let timers: StepTimers;
  let node: MeshNode;
  let waiter: Waiter;
  beforeEach(async () => {
    place = new Place();
    timers = new StepTimers();
    waiter = new Waiter();
    node = await place.node({ path: place.path(), allow: ['call'] }, { timers, behaviors: [waiter] });
  });
  afterEach(() => place.end());

  /** An honest program is served. */
  const serves = async () => {
    const client = await ControlClient.connect(place.path());
    client.close();
    return client.node.nodeId === node.id;
  };
  const errorIn = async (bare: Bare) => {
    const { id, error } = (await bare.next()) as { id: unknown; error: { code: string; text: string } };
    return [id, error.code, error.text];
  };

  it('has a client that refuses what is no path and no time', async () => {
    for (const path of [5, undefined, null, ''])
      expect((await refusal(ControlClient.connect(path as never))).code).to.equal('ARGUMENT_INVALID');
    const client = await ControlClient.connect(place.path());
    for (const options of [{ timeoutMs: 'x' }, { timeoutMs: -1 }, { timeout: 5 }, null])
      expect((await refusal(client.request('id', {}, options as never))).code).to.equal('OPTION_INVALID');
    client.close();
  });

  it('cannot be reached by another user', async function () {
    if (process.getuid?.() !== 0) this.skip();
    chmodSync(place.directory, 0o755);
    const connect = `process.setgid(65534); process.setuid(65534);
      require('net').createConnection(${JSON.stringify(place.path())}).on('connect', () => console.log('in')).on('error', ({ code }) => console.log(code));`;
    const stranger = new Program(['-e', connect]);
    await stranger.end();
    expect(stranger.lines).to.deep.equal(['EACCES']);
    const own = new Program([
      '-e',
      connect.slice(connect.indexOf('require')).replace("console.log('in')", "process.exit(console.log('in'))"),
    ]);
    await own.end();
    expect(own.lines, 'the same without the change of user').to.deep.equal(['in']);
  });

  it('ends a program that sends garbage, with the reason; the nearest request is answered', async () => {
    const text = 'a line is no request of the control protocol, version 1';
    const good = { v: 1, id: 0, method: 'id', params: {} };
    const bad = [
      '',
      'GET / HTTP/1.1',
      '\u0000\uffff',
      '[]',
      'null',
      '{"v":1',
      JSON.stringify({ ...good, v: 2 }),
      JSON.stringify({ ...good, id: -1 }),
      JSON.stringify({ ...good, id: 1.5 }),
      JSON.stringify({ ...good, id: '1' }),
      JSON.stringify({ ...good, method: '' }),
      JSON.stringify({ ...good, method: 'x'.repeat(65) }),
      '['.repeat(200_000),
    ];
    for (const line of bad) {
      const bare = (await place.bare()).say(`${line}\n`);
      expect(await errorIn(bare), line.slice(0, 80)).to.deep.equal([null, 'CONTROL_FAILED', text]);
      bare.socket.end();
      await bare.closed;
    }
    expect(await (await place.bare()).say(`${JSON.stringify({ ...good, later: 1 })}\n`).next()).to.include({ v: 1, id: 0 });
    expect(({} as { polluted?: boolean }).polluted).to.equal(undefined);
  });

  it('takes a line of 1 MiB, and none of one byte more; what follows is not read', async () => {
    const line = (bytes: number) => {
      const empty = JSON.stringify({ v: 1, id: 7, method: 'explain', params: { target: '' } });
      return `${empty.slice(0, -3)}${'x'.repeat(bytes - empty.length)}"}}\n`;
    };
    const longest = (await place.bare()).say(line(LINE_BYTES_MAX));
    expect((await errorIn(longest)).slice(0, 2)).to.deep.equal([7, 'ARGUMENT_INVALID']);
    const longer = (await place.bare()).say(line(LINE_BYTES_MAX + 1) + request(8, 'id'));
    expect(await errorIn(longer)).to.deep.equal([null, 'CONTROL_FAILED', 'a line has more than 1048576 bytes']);
    const endless = await place.bare();
    for (let count = 0; count < 40; count++) endless.say(Buffer.alloc(65_536, 0x20));
    expect((await errorIn(endless))[1]).to.equal('CONTROL_FAILED');
    expect(await serves()).to.equal(true);
  });

  it('ends a program that sends nothing, or half a request, for 10 s; one that asks goes on', async () => {
    const [silent, half, honest] = [await place.bare(), await place.bare(), await place.bare()];
    half.say('{"v":1,');
    expect((await honest.say(request(1, 'id')).next()).id).to.equal(1);
    expect(timers.count).to.equal(3);
    timers.pass();
    expect(await errorIn(silent)).to.deep.equal([null, 'CONTROL_FAILED', 'no request came within 10 s']);
    expect((await errorIn(half))[2]).to.equal('no request came within 10 s');
    expect((await errorIn(honest))[2]).to.equal('no further request came within 10 s');
    // They do not close their side: they are cut off.
    timers.pass();
    await Promise.all([silent, half, honest].map((bare) => untilCut(bare)));
    expect(timers.count).to.equal(0);
  });

  it('answers what takes longer than 10 s with WAIT_TIMEOUT and cancels it, as the call of a program that goes away', async () => {
    const slow = (await place.bare()).say(request(1, 'call', { target: 'local', service: 64, method: 'wait' }));
    while (waiter.begun < 1) await new Promise(setImmediate);
    timers.pass();
    expect((await errorIn(slow)).slice(0, 2)).to.deep.equal([1, 'WAIT_TIMEOUT']);
    expect((await slow.say(request(2, 'id')).next()).id).to.equal(2);
    while (waiter.cancelled < 1) await new Promise(setImmediate);
    const gone = (await place.bare()).say(request(1, 'call', { target: 'local', service: 64, method: 'wait' }));
    while (waiter.begun < 2) await new Promise(setImmediate);
    gone.socket.destroy();
    while (waiter.cancelled < 2) await new Promise(setImmediate);
  });

  it('a program that does not read is cut off after 10 s; meanwhile its further requests wait unread', async () => {
    const slow = await place.bare();
    slow.socket.pause();
    const ask = request(1, 'call', { target: 'local', service: 64, method: 'much' });
    let written = 0;
    // It goes on asking until the system takes no more of it.
    while (slow.socket.writableLength < 262_144 && written < 64_000_000) {
      slow.say(ask.repeat(500));
      written += 500 * ask.length;
      await new Promise(setImmediate);
    }
    expect(written).to.be.below(64_000_000);
    expect(await serves()).to.equal(true);
    timers.pass();
    await untilCut(slow);
    expect(await serves()).to.equal(true);
  });

  it('has 16 programs at once: of ten thousand the others are told so, and cost nothing when they are gone', async () => {
    const first = await Promise.all(Array.from({ length: CLIENTS_MAX }, () => place.bare()));
    expect((await (first[0] as Bare).say(request(1, 'id')).next()).id).to.equal(1);
    const error = await refusal(ControlClient.connect(place.path()));
    expect([error.code, error.details.maximum]).to.deep.equal(['LIMIT_EXCEEDED', CLIENTS_MAX]);
    const before = memory();
    for (let wave = 0; wave < 50; wave++) await Promise.all(Array.from({ length: 200 }, knock));
    expect(memory() - before).to.be.below(16 * 1_048_576);
    expect((await (first[15] as Bare).say(request(2, 'id')).next()).id, 'those that are in go on').to.equal(2);
    (first[3] as Bare).socket.destroy();
    while (!(await serves().catch(() => false))) await new Promise(setImmediate);
  });

  /** The other end is gone as a whole: what is written fails. */
  async function untilCut(bare: Bare): Promise<void> {
    for (; !bare.isClosed; bare.say(' ')) await new Promise(setImmediate);
  }

  /** Connects, and waits for the end. */
  function knock(): Promise<void> {
    return new Promise((resolve) => {
      createConnection(place.path())
        .on('error', () => {})
        .on('close', () => resolve())
        .resume();
    });
  }

  function memory(): number {
    (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage().heapUsed + process.memoryUsage().external;
  }
});
