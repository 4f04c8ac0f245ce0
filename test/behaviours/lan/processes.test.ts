/**
 * @module Tests of LAN discovery over real multicast, on loopback, between processes (USERS 20). A machine that cannot multicast at all is
 * found out by a bare socket; then these tests are skipped, and the reason stands in the output.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Program } from '../../cli/program.js';
import { loopbackName, whyNoMulticast } from '../../core/platform/node/lan/probe.js';

const CHILD = fileURLToPath(new URL('lan.child.js', import.meta.url));

describe('LAN discovery between processes', function () {
  this.timeout(300_000);
  let programs: Program[];
  let network: string;
  const child = (name: string, host = '127.0.0.1', mode = 'on') => {
    const program = new Program([CHILD, name, `tcp://${host}:0`, loopbackName() as string, mode]);
    programs.push(program);
    return program;
  };
  const idOf = async (program: Program): Promise<string> => JSON.parse(await program.next(/"id"/)).id;
  const ended = async (program: Program) => {
    program.say('');
    const report = JSON.parse(await program.next(/"connections"/));
    expect(await program.end()).to.equal(0);
    return report;
  };

  before(async function () {
    const flaw = loopbackName() === undefined ? 'no loopback interface' : await whyNoMulticast();
    if (flaw === undefined) return;
    console.warn(`      skipped, because this machine cannot multicast: ${flaw}`);
    this.skip();
  });
  beforeEach(() => {
    programs = [];
    network = `lan-test-${randomBytes(8).toString('hex')}`;
  });
  afterEach(() => Promise.all(programs.map((program) => program.kill())));

  it('two processes without any address meet; one of another name neither meets nor hears them; all end clean', async () => {
    const [a, b, other] = [child(network), child(network), child(`${network}-other`)];
    const [idA, idB] = await Promise.all([a, b, other].map(idOf));
    await Promise.all([a.next(new RegExp(`"connected":"${idB}"`)), b.next(new RegExp(`"connected":"${idA}"`))]);
    const [ofA, ofB, ofOther] = await Promise.all([a, b, other].map(ended));
    expect(ofA.heard + ofB.heard).to.be.greaterThan(0);
    for (const report of [ofA, ofB]) expect([report.open, report.isLoaded]).to.deep.equal([[], true]);
    expect([ofOther.heard, ofOther.connections, ofOther.open]).to.deep.equal([0, 0, []]);
    for (const { complaints, lines } of programs)
      expect([complaints, lines.filter((line) => line.includes('fault'))]).to.deep.equal(['', []]);
    expect(other.lines.some((line) => line.includes('"connected"'))).to.equal(false);
  });

  it('a process that listens on every address is found by loopback, too', async () => {
    const [a, b] = [child(network, '[::]'), child(network)];
    const [idA] = await Promise.all([a, b].map(idOf));
    await b.next(new RegExp(`"connected":"${idA}"`));
    await Promise.all([a, b].map(ended));
  });

  it('a node that is killed and comes back is found again', async () => {
    const a = child(network);
    const first = child(network);
    await Promise.all([idOf(a), idOf(first)]);
    await a.next(/"connected"/);
    await first.kill();
    const again = child(network);
    const id = await idOf(again);
    await a.next(new RegExp(`"connected":"${id}"`));
    await Promise.all([a, again].map(ended));
  });

  it('a node without it does not load the package, and is not found', async () => {
    const [a, off] = [child(network), child(network, '127.0.0.1', 'off')];
    const idA = await idOf(a);
    await idOf(off);
    const b = child(network);
    await b.next(new RegExp(`"connected":"${idA}"`));
    const report = await ended(off);
    expect([report.isLoaded, report.connections, report.open]).to.deep.equal([false, 0, []]);
    expect(off.lines.some((line) => line.includes('"connected"'))).to.equal(false);
    await Promise.all([a, b].map(ended));
  });
});
