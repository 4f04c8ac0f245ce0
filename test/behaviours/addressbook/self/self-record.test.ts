/** @module Tests of where a node says that it is: any-addresses, observers, liars, and when it says it anew (DNDM-24, DNDM-41; row 92). */
import { expect } from 'chai';
import { type AddressRecord, RECORD_LIMITS } from '../../../../behaviours/addressbook/book/record.js';
import { ownAddresses, SelfRecord } from '../../../../behaviours/addressbook/self/self-record.js';
import { type Address, parseAddress } from '../../../../core/index.js';
import { idOf, signerOf, WALL_MS } from '../support.js';

type Seen = readonly [text: string, direction?: 'incoming' | 'outgoing'];

function own(
  listening: readonly string[],
  local: readonly string[] = [],
  seen: readonly Seen[] = [],
  mode?: 'public' | 'private',
): string[] {
  const observed = seen.map(([text, direction = 'outgoing'], index) => ({
    ...{ address: parseAddress(text), byNodeId: idOf(index), direction },
  }));
  const facts = { listening: listening.map(parseAddress), local: local.map(parseAddress), observed };
  return ownAddresses(facts, mode).map(({ text }) => text);
}

describe('the addresses that a node says it has', () => {
  it('are those that it listens on', () => {
    expect(own(['tcp://20.0.0.1:7400', 'ws://20.0.0.1:80/mesh'])).to.deep.equal(['tcp://20.0.0.1:7400', 'ws://20.0.0.1:80/mesh']);
    expect(own([])).to.deep.equal([]);
    expect(own(['sim://node-1'])).to.deep.equal(['sim://node-1']);
  });

  it('have the hosts of its connections in place of 0.0.0.0 and [::] (DNDM-41)', () => {
    expect(own(['tcp://0.0.0.0:7400'])).to.deep.equal([]);
    expect(own(['tcp://0.0.0.0:7400'], ['tcp://10.0.0.5:50001', 'tcp://10.0.0.5:50002'])).to.deep.equal(['tcp://10.0.0.5:7400']);
    expect(own(['tcp://[::]:7400'], ['tcp://10.0.0.5:1', 'tcp://[fd00::5]:1'])).to.deep.equal([
      'tcp://10.0.0.5:7400',
      'tcp://[fd00::5]:7400',
    ]);
    expect(own(['tcp://0.0.0.0:7400'], ['tcp://[fd00::5]:1'])).to.deep.equal([]);
    expect(own(['tcp://[::]:7400'], ['tcp://[fe80::1%25eth0]:1', 'tcp://0.0.0.0:1'])).to.deep.equal([]);
  });

  it('have the host at which others observe it, too (DNDM-24)', () => {
    expect(own(['tcp://0.0.0.0:7400'], ['tcp://10.0.0.5:1'], [['tcp://20.0.0.1:50000']])).to.deep.equal([
      'tcp://20.0.0.1:7400',
      'tcp://10.0.0.5:7400',
    ]);
  });

  it('have the port at which others have reached it, where it listens on any host', () => {
    expect(own(['tcp://0.0.0.0:7400'], [], [['tcp://20.0.0.1:9000', 'incoming']])).to.deep.equal([
      'tcp://20.0.0.1:7400',
      'tcp://20.0.0.1:9000',
    ]);
    expect(own(['tcp://30.0.0.1:7400'], [], [['tcp://20.0.0.1:9000', 'incoming']])).to.deep.equal(['tcp://30.0.0.1:7400']);
    expect(own(['ws://0.0.0.0:7400'], [], [['tcp://20.0.0.1:9000', 'incoming']])).to.deep.equal(['ws://20.0.0.1:7400']);
  });

  it('are not what one liar among three says', () => {
    const honest: Seen[] = [['tcp://20.0.0.1:1'], ['tcp://20.0.0.1:2']];
    expect(own(['tcp://0.0.0.0:7400'], [], [...honest, ['tcp://66.6.6.6:1']])).to.deep.equal(['tcp://20.0.0.1:7400']);
    expect(own(['tcp://0.0.0.0:7400'], [], [['tcp://20.0.0.1:1'], ['tcp://66.6.6.6:1']])).to.have.length(2);
  });

  it('leave out this machine when they are reached from farther away', () => {
    expect(own(['tcp://[::]:7400'], ['tcp://127.0.0.1:1'])).to.deep.equal(['tcp://127.0.0.1:7400']);
    expect(own(['tcp://[::]:7400'], ['tcp://127.0.0.1:1', 'tcp://10.0.0.5:1'])).to.deep.equal(['tcp://10.0.0.5:7400']);
    expect(own(['tcp://127.0.0.1:7400', 'tcp://10.0.0.5:7400'])).to.deep.equal(['tcp://10.0.0.5:7400']);
  });

  it('are those of the mode, the farthest-reaching first, eight at most', () => {
    const all = ['tcp://10.0.0.5:1024', 'tcp://20.0.0.1:1024'];
    expect(own(all)).to.deep.equal(['tcp://20.0.0.1:1024', 'tcp://10.0.0.5:1024']);
    expect(own(all, [], [], 'public')).to.deep.equal(['tcp://20.0.0.1:1024']);
    expect(own(Array.from({ length: 20 }, (_, index) => `tcp://20.0.0.${index}:7400`))).to.have.length(8);
  });
});

/** A node that listens at what it is told. */
class Own extends SelfRecord {
  constructor() {
    super(signerOf('anna'), undefined);
  }

  listens(addresses: readonly Address[], wallMs: number, nowMs: number): AddressRecord | undefined {
    return this.update(addresses, [], { wallMs, nowMs });
  }
}

describe('a node’s own record', () => {
  const address = [parseAddress('tcp://20.0.0.1:7400')];
  const other = [parseAddress('tcp://20.0.0.2:7400')];

  it('is signed when there is something to say, and anew when it changes', () => {
    const record = new Own();
    expect(record.listens([], WALL_MS, 0)).to.equal(undefined);
    expect(record.listens(address, WALL_MS + 0.75, 0)?.seq).to.equal(WALL_MS);
    expect(record.listens(address, WALL_MS + 1, 60_000)).to.equal(undefined);
    expect(record.listens([...address, ...other], WALL_MS + 2, 60_000)?.seq).to.equal(WALL_MS + 2);
    expect(record.listens([...other, ...address], WALL_MS + 3, 120_000), 'the order says nothing').to.equal(undefined);
    expect(record.listens([], WALL_MS + 4, 120_000)?.addresses, 'it is taken back').to.deep.equal([]);
    expect(record.listens([], WALL_MS + RECORD_LIMITS.lifetimeMs, 999_999_999)).to.equal(undefined);
  });

  it('is not signed again within five seconds', () => {
    const record = new Own();
    record.listens(address, WALL_MS, 0);
    expect(record.listens(other, WALL_MS + 4_999, 4_999)).to.equal(undefined);
    expect(record.listens(other, WALL_MS + 5_000, 5_000)?.addresses).to.deep.equal(other);
  });

  it('is signed again before it expires for others', () => {
    const record = new Own();
    record.listens(address, WALL_MS, 0);
    const { refreshMs } = RECORD_LIMITS;
    expect(record.listens(address, 2 * WALL_MS, refreshMs - 1), 'whatever the clock on the wall shows').to.equal(undefined);
    expect(record.listens(address, WALL_MS + refreshMs, refreshMs)?.seq).to.equal(WALL_MS + refreshMs);
  });

  it('row 92: its number rises whatever the clock does, also over a restart', () => {
    const record = new Own();
    record.sawSeq(WALL_MS + 30_000);
    expect(record.listens(address, WALL_MS, 0)?.seq).to.equal(WALL_MS + 30_001);
    expect(record.listens(other, WALL_MS - 10_000, 10_000)?.seq).to.equal(WALL_MS + 30_002);
    expect(record.listens(address, 0, 20_000)?.seq).to.equal(WALL_MS + 30_003);
    expect(record.listens(other, -5, 30_000)?.seq).to.equal(WALL_MS + 30_004);
    expect(record.listens(address, WALL_MS + 60_000, 40_000)?.seq).to.equal(WALL_MS + 60_000);
  });

  it('rows 48, 107: goes above a higher number of its own that others have, once, and withdraws what it no longer says', () => {
    const record = new Own();
    record.listens(address, WALL_MS, 0);
    record.outrun(WALL_MS - 1);
    expect(record.listens(address, WALL_MS, 10_000), 'a lower one is of no account').to.equal(undefined);
    record.outrun(WALL_MS + 500);
    expect(record.isBehind).to.equal(true);
    expect(record.listens(address, WALL_MS, 20_000)).to.deep.include({ seq: WALL_MS + 501, addresses: address });
    expect([record.isBehind, record.listens(address, WALL_MS, 30_000)]).to.deep.equal([false, undefined]);
    record.outrun(WALL_MS + 501);
    expect(record.listens(address, WALL_MS, 40_000)?.seq, 'another one with the same number').to.equal(WALL_MS + 502);
    const silent = new Own();
    silent.listens([], WALL_MS, 0);
    silent.outrun(WALL_MS + 500);
    expect(silent.listens([], WALL_MS, 1)).to.deep.include({ seq: WALL_MS + 501, addresses: [] });
    silent.outrun(Number.MAX_SAFE_INTEGER);
    expect(silent.listens([], WALL_MS, 10_000), 'nothing is above that').to.equal(undefined);
  });
});
