/** @module The clock on the wall jumps: nothing that lives on intervals notices. With ports that jump, and with the system's where a library is there. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AddressBookBehavior } from '../../behaviours/index.js';
import type { BehaviorAgent, Clock, Logger, MeshNode } from '../../core/index.js';
import { Identity, NetworkBehavior } from '../../index.js';
import { startPeer } from './handshake-attacks.js';
import type { PeerState } from './peer.child.js';
import { addressOf, heard, itWith, until, World } from './world.js';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const JUMPS = [DAY_MS, -DAY_MS, 10 * YEAR_MS, -10 * YEAR_MS, -1, 0];
/** Where libfaketime may be; without it that test is left out. */
const LIBRARY = ['x86_64-linux-gnu/', 'aarch64-linux-gnu/', '']
  .map((folder) => `/usr/lib/${folder}faketime/libfaketimeMT.so.1`)
  .find((path) => existsSync(path));
const WALL_ONLY = { DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
const limits = { pingIntervalMs: 50, silenceMs: 20_000, idleMs: 60_000 };

/** Counts its timers. */
class Waiting extends NetworkBehavior {
  static readonly behavior = { serviceId: 72, name: 'waiting' } as const;
  rounds = 0;
  wallMs = 0;

  override onStarted(agent: BehaviorAgent): void {
    agent.after(20, (later) => this.again(later));
  }

  private again(agent: BehaviorAgent): void {
    this.rounds++;
    this.wallMs = agent.wallMs;
    agent.after(20, (later) => this.again(later));
  }
}

describe('kind 5: the clock on the wall', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  it('row 92: jumps of a day and of ten years, to and fro, end no connection and stop no timer', async () => {
    let offsetMs = 0;
    const clock: Clock = { nowMs: () => performance.now(), wallMs: () => Date.now() + offsetMs };
    const options = { clock, behaviors: [Waiting], limits, builtins: ['handshake', 'rpc'] as const };
    const listening = await world.node({ ...options, listen: ['tcp://127.0.0.44:0'] });
    const dialling = await world.node(options);
    const nodes = [listening, dialling];
    const closed = nodes.map((node) => heard(node, 'disconnected'));
    await dialling.connect(addressOf(listening));
    for (const jumpMs of JUMPS) {
      offsetMs = jumpMs;
      const marks = nodes.map((node) => ({ node, rounds: node.behavior(Waiting).rounds, pongs: pongsOf(node) }));
      const isAlive = ({ node, rounds, pongs }: (typeof marks)[number]) =>
        node.behavior(Waiting).rounds >= rounds + 3 && pongsOf(node) >= pongs + 2;
      await until(() => marks.every(isAlive), 'timers run and pings are answered');
      expect(Math.abs(listening.behavior(Waiting).wallMs - Date.now() - jumpMs)).to.be.below(60_000);
    }
    expect(closed).to.deep.equal([[], []]);
    expect(nodes.map((node) => node.metrics()['local_stalls_total'])).to.deep.equal([0, 0]);
  });

  for (const [skew, offsetMs] of [
    ['90 s behind', -90_000],
    ['7 h ahead', 7 * 3_600_000],
    ['50 years behind', -50 * YEAR_MS],
    ['50 years ahead', 50 * YEAR_MS],
  ] as const) {
    it(`rows 48, 92, 107: a node whose clock is ${skew} finds the others and is found, and says so once`, async () => {
      const clock: Clock = { nowMs: () => performance.now(), wallMs: () => Date.now() + offsetMs };
      const { lines, logger } = warnings();
      const builtins = ['handshake', 'addressbook'] as const;
      const hub = await world.node({ builtins, listen: ['tcp://127.0.0.45:0'] });
      const options = { builtins, seeds: [addressOf(hub).text] };
      const early = await world.node({ ...options, listen: ['tcp://127.0.0.45:0'] });
      const skewed = await world.node({ ...options, clock, logger, listen: ['tcp://127.0.0.45:0'] });
      const late = await world.node(options);
      const nodes = [hub, early, skewed, late];
      await until(() => nodes.every((node) => node.connections().length === 3), 'each is connected to each other one');
      expect(nodes.map((node) => node.metrics()['addressbook_records_refused_total'] ?? 0)).to.deep.equal([0, 0, 0, 0]);
      expect(lines.map(({ msg }) => msg)).to.deep.equal(['the clock of this node and that of a neighbour differ']);
      const { ours, theirs } = lines[0] as { readonly ours: string; readonly theirs: string };
      expect(Math.abs(Date.parse(ours) - Date.parse(theirs) - offsetMs)).to.be.below(60_000);
    });
  }

  it('rows 48, 107: a node that comes back without its data and with a slower clock is found where it is now', async () => {
    const builtins = ['handshake', 'addressbook'] as const;
    const hub = await world.node({ builtins, listen: ['tcp://127.0.0.45:0'] });
    const options = { builtins, seeds: [addressOf(hub).text], identity: Identity.generate() };
    const first = await world.node({ ...options, listen: ['tcp://127.0.0.45:0'] });
    const known = (node: MeshNode) => hub.behavior(AddressBookBehavior).entry(node.id)?.seq ?? 0;
    await until(() => known(first) > 0, 'its record is known');
    const firstSeq = known(first);
    await first.stop();
    const clock: Clock = { nowMs: () => performance.now(), wallMs: () => Date.now() - YEAR_MS };
    const again = await world.node({ ...options, clock, listen: ['tcp://127.0.0.46:0'] });
    await until(() => known(again) > firstSeq, 'it goes above the number of its earlier life');
    const places = hub
      .behavior(AddressBookBehavior)
      .entry(again.id)
      ?.addresses.map(({ text }) => text);
    expect(places).to.include(addressOf(again).text);
  });

  itWith(LIBRARY !== undefined, 'libfaketime')('row 92: the same when the clock of the system itself jumps', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'meshwright-'));
    world.atEnd(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'offset');
    writeFileSync(file, '+0d');
    const environment = { LD_PRELOAD: LIBRARY as string, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', ...WALL_ONLY };
    const node = await world.node({ listen: ['tcp://127.0.0.44:0'], limits });
    const peer = await startPeer(world, { seeds: [addressOf(node).text], limits }, { environment });
    await until(() => node.connections().length === 1, 'it is connected');
    for (const days of [1, -1, 3_650, -3_650, 0]) {
      writeFileSync(file, days < 0 ? `${days}d` : `+${days}d`);
      const isThere = async () => Math.abs((await peer.child.ask<number>('wallMs')) - Date.now() - days * DAY_MS) < DAY_MS / 24;
      await until(isThere, 'its clock has jumped');
      const pongs = pongsOf(node);
      await until(() => pongsOf(node) >= pongs + 2, 'it answers pings');
    }
    expect((await peer.child.ask<PeerState>('state')).disconnected).to.deep.equal([]);
    expect(node.connections()).to.have.length(1);
  });
});

/** A logger that keeps warnings. */
function warnings() {
  const lines: Record<string, unknown>[] = [];
  const silent = () => undefined;
  const warn = (fields: object, msg: string) => void lines.push({ ...fields, msg });
  const logger: Logger = { trace: silent, debug: silent, info: silent, warn, error: silent, child: () => logger };
  return { lines, logger };
}

function pongsOf(node: MeshNode): number {
  return [...node['network'].links.all].reduce((sum, link) => sum + link.pongCount, 0);
}
