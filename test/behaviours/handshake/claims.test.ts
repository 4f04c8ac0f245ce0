/** @module Tests of claims: which addresses are told to a remote, what becomes of a remote's texts, and who observed what. */
import { expect } from 'chai';
import { addressesToTell, claimedAddress, claimedAddresses, textToTell } from '../../../behaviours/handshake/claims.js';
import { OBSERVERS_MAX, ObservedAddresses } from '../../../behaviours/handshake/observed.js';
import { type NodeId, parseAddress, parseNodeId } from '../../../core/index.js';

const SELF = parseNodeId('a'.repeat(64));
const OTHER = parseNodeId('b'.repeat(64));
const observerOf = (index: number): NodeId => parseNodeId(index.toString(16).padStart(64, '0'));

/** What is told of one listen address, seen at the others. */
function told(own: string, ...seenAt: (string | undefined)[]): readonly string[] {
  const seen = seenAt.map((text) => (text === undefined ? undefined : parseAddress(text)));
  return addressesToTell([parseAddress(own)], seen);
}

describe('handshake claims', () => {
  it('tell an address with a host as it is', () => {
    expect(told('tcp://192.0.2.1:7400', 'tcp://10.0.0.1:9')).to.deep.equal(['tcp://192.0.2.1:7400']);
    expect(told('mem://anna')).to.deep.equal(['mem://anna']);
    expect(told('ws://host:80/mesh', 'tcp://10.0.0.1:9')).to.deep.equal(['ws://host:80/mesh']);
    expect(told(`tcp://${SELF}@192.0.2.1:7400`)).to.deep.equal(['tcp://192.0.2.1:7400']);
  });

  it("give an any-address the host of the connection's own end, and keep port and name (DNDM-24, DNDM-41)", () => {
    expect(told('tcp://0.0.0.0:7400', 'tcp://10.0.0.1:50000', 'tcp://192.0.2.1:7400')).to.deep.equal(['tcp://10.0.0.1:7400']);
    expect(told('ws://0.0.0.0:80/mesh', 'tcp://10.0.0.1:50000')).to.deep.equal(['ws://10.0.0.1:80/mesh']);
    expect(told('tcp://[::]:7400', 'tcp://[2001:db8::1]:50000')).to.deep.equal(['tcp://[2001:db8::1]:7400']);
  });

  it('give it the host that the remote observed when the own end is not known (DNDM-41)', () => {
    expect(told('tcp://0.0.0.0:7400', undefined, 'tcp://192.0.2.1:50000')).to.deep.equal(['tcp://192.0.2.1:7400']);
    expect(told('tcp://0.0.0.0:7400', 'mem://anna', 'tcp://192.0.2.1:50000')).to.deep.equal(['tcp://192.0.2.1:7400']);
  });

  it('leave an any-address out when nothing tells its host', () => {
    expect(told('tcp://0.0.0.0:7400')).to.deep.equal([]);
    expect(told('tcp://[::]:7400', undefined, 'mem://anna')).to.deep.equal([]);
    expect(told('tcp://0.0.0.0:7400', 'tcp://0.0.0.0:1', 'tcp://[::]:1')).to.deep.equal([]);
    expect(told('tcp://0.0.0.0:7400', 'tcp://host.example:1')).to.deep.equal([]);
  });

  it('keep the family of 0.0.0.0, while [::] serves both', () => {
    expect(told('tcp://0.0.0.0:7400', 'tcp://[2001:db8::1]:5', 'tcp://192.0.2.1:5')).to.deep.equal(['tcp://192.0.2.1:7400']);
    expect(told('tcp://[::]:7400', 'tcp://192.0.2.1:5')).to.deep.equal(['tcp://192.0.2.1:7400']);
  });

  it('never tell a zone: it means something on this machine only', () => {
    expect(told('tcp://[fe80::1%25eth0]:7400')).to.deep.equal([]);
    expect(told('tcp://[::]:7400', 'tcp://[fe80::1%25eth0]:5', 'tcp://[2001:db8::1]:5')).to.deep.equal(['tcp://[2001:db8::1]:7400']);
    expect(textToTell(parseAddress('tcp://[fe80::1%25eth0]:7400'))).to.equal(undefined);
    expect(textToTell(parseAddress('tcp://[fe80::1]:7400'))).to.equal('tcp://[fe80::1]:7400');
  });

  it('tell each address once, and 16 at most', () => {
    const own = Array.from({ length: 17 }, (_, index) => parseAddress(`tcp://192.0.2.${index}:7400`));
    expect(addressesToTell([...own.slice(0, 3), ...own.slice(0, 3)], [])).to.have.length(3);
    expect(addressesToTell(own.slice(0, 16), [])).to.have.length(16);
    expect(addressesToTell(own, [])).to.deep.equal(own.slice(0, 16).map(({ text }) => text));
  });

  it('of a remote are what reads as an address, each once', () => {
    const texts = ['TCP://192.0.2.1:7400', 'nonsense', 'tcp://192.0.2.1:7400', 'tcp://192.0.2.1', 'mem://b', 'tcp://[fe80::1%25eth0]:1'];
    expect(claimedAddresses(texts, OTHER).map(({ text }) => text)).to.deep.equal(['tcp://192.0.2.1:7400', 'mem://b']);
  });

  it('never name another node than the one that says so (H-39); its own id goes without saying', () => {
    expect(claimedAddress(`tcp://${SELF}@192.0.2.1:7400`, OTHER)).to.equal(undefined);
    expect(claimedAddress(`tcp://${OTHER}@192.0.2.1:7400`, OTHER)?.text).to.equal('tcp://192.0.2.1:7400');
    expect(claimedAddress(`mesh://${SELF}`, OTHER)).to.equal(undefined);
    expect(claimedAddress(`mesh://${OTHER}`, OTHER)?.text).to.equal(`mesh://${OTHER}`);
    expect(claimedAddress(undefined, OTHER)).to.equal(undefined);
  });

  it("keep each observer's last word, of the last 16 observers (DNDM-24)", () => {
    const observed = new ObservedAddresses();
    const record = (observer: number, port: number) =>
      observed.record({ address: parseAddress(`tcp://192.0.2.1:${port}`), byNodeId: observerOf(observer), direction: 'outgoing' });
    for (let index = 0; index < OBSERVERS_MAX; index++) record(index, 1000 + index);
    record(0, 2000);
    expect(observed.all).to.have.length(16);
    expect(observed.by(observerOf(0))?.port).to.equal(2000);
    record(16, 3000);
    expect(observed.all).to.have.length(16);
    expect(observed.by(observerOf(1)), 'heard longest ago').to.equal(undefined);
    expect(observed.all.at(-1)?.byNodeId).to.equal(observerOf(16));
  });
});
