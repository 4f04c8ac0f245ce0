/** @module Tests of what LAN discovery remembers, and of its bounds against a hostile link. */
import { expect } from 'chai';
import { LAN_LIMITS, Neighbours } from '../../../behaviours/lan/neighbours.js';
import { type NodeId, parseAddress } from '../../../core/index.js';

const idOf = (index: number) => index.toString(16).padStart(64, '0') as NodeId;
const HOUR_MS = 3_600_000;

describe('the neighbours of LAN discovery', () => {
  let neighbours: Neighbours;
  const heard = (id: number, host: string, nowMs = 0, port = 1) => {
    if (!neighbours.admits(host, nowMs)) return 'ignored';
    const addresses = [parseAddress(`tcp://${host}:${port}`)];
    return neighbours.announced({ nodeId: idOf(id), host, addresses }, nowMs + HOUR_MS, nowMs);
  };
  beforeEach(() => {
    neighbours = new Neighbours();
  });

  it('the same announcement is a hint once in ten seconds, a changed one at once', () => {
    expect([heard(1, '10.0.0.1', 0), heard(1, '10.0.0.1', 9_999), heard(1, '10.0.0.1', 10_000)]).to.deep.equal(['hint', 'known', 'hint']);
    expect(heard(1, '10.0.0.1', 10_001, 2)).to.equal('hint');
    expect(heard(1, '10.0.0.2', 10_001, 2)).to.equal('hint');
    expect(neighbours.all().map(({ host, addresses }) => [host, String(addresses[0])])).to.deep.equal([
      ['10.0.0.1', 'tcp://10.0.0.1:2'],
      ['10.0.0.2', 'tcp://10.0.0.2:2'],
    ]);
  });

  it('a host is listened to as often as the limits say', () => {
    const { announcementsBurst, announcementsPerSecond } = LAN_LIMITS;
    const count = (nowMs: number) => Array.from({ length: 1_000 }, () => neighbours.admits('10.0.0.1', nowMs)).filter(Boolean).length;
    expect(count(0)).to.equal(announcementsBurst);
    expect(count(1_000)).to.equal(announcementsPerSecond);
    expect(count(2_000)).to.equal(announcementsPerSecond);
    expect(count(HOUR_MS)).to.equal(announcementsBurst);
    expect(neighbours.admits('10.0.0.2', 0), 'another host').to.equal(true);
  });

  it('a host has so many nodes and no more; others still have room', () => {
    for (let id = 0; id < LAN_LIMITS.perHostMax; id++) expect(heard(id, '10.0.0.1', id * 1_000)).to.equal('hint');
    expect(heard(9_999, '10.0.0.1', HOUR_MS)).to.equal('full');
    expect(heard(9_999, '10.0.0.2', HOUR_MS)).to.equal('hint');
    expect(heard(0, '10.0.0.1', HOUR_MS, 7), 'one that is known').to.equal('hint');
  });

  it('all hosts together have so many nodes and no more, and none is displaced', () => {
    let taken = 0;
    for (let host = 0; host < 20; host++)
      for (let id = 0; id < 200; id++) if (heard(host * 1_000 + id, `10.0.${host}.1`) === 'hint') taken++;
    expect(taken).to.equal(LAN_LIMITS.neighboursMax);
    expect(neighbours.size).to.equal(LAN_LIMITS.neighboursMax);
    expect(neighbours.all()[0]?.nodeId).to.equal(idOf(0));
  });

  it('invented hosts push out the state of hosts, never nodes, and nodes still count for their host', () => {
    for (let id = 0; id < LAN_LIMITS.perHostMax; id++) heard(id, '10.0.0.1', id * 1_000);
    for (let host = 0; host < 2 * LAN_LIMITS.hostsMax; host++) neighbours.admits(`10.1.${host >> 8}.${host & 255}`, HOUR_MS);
    expect(neighbours.size).to.equal(LAN_LIMITS.perHostMax);
    expect(heard(9_999, '10.0.0.1', HOUR_MS)).to.equal('full');
    expect(neighbours.left(idOf(0), '10.0.0.1')).to.equal(true);
    expect(heard(9_999, '10.0.0.1', HOUR_MS)).to.equal('hint');
  });

  it('a goodbye counts from the host itself only, and once', () => {
    heard(1, '10.0.0.1');
    expect(neighbours.left(idOf(1), '10.0.0.2')).to.equal(false);
    expect(neighbours.left(idOf(1), '10.0.0.1')).to.equal(true);
    expect(neighbours.left(idOf(1), '10.0.0.1')).to.equal(false);
    expect(neighbours.size).to.equal(0);
  });

  it('what is not said again is forgotten when its time is over', () => {
    heard(1, '10.0.0.1', 0);
    heard(2, '10.0.0.1', 1_000);
    neighbours.expire(HOUR_MS - 1);
    expect(neighbours.size).to.equal(2);
    heard(1, '10.0.0.1', HOUR_MS - 1);
    neighbours.expire(HOUR_MS + 1_000);
    expect(neighbours.all().map(({ nodeId }) => nodeId)).to.deep.equal([idOf(1)]);
  });
});
