/** @module Tests of peer lines and peer files (INET-03, INET-24, INET-25): for what is accepted the nearest that is refused. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type PeerSpec, parsePeer, peerFileLines } from '../../../behaviours/peering/index.js';
import { parseAddress } from '../../../core/index.js';
import { seededIdentity } from '../../../testing/index.js';

const { nodeId } = seededIdentity('peer');

const said = (spec: unknown, scheme?: string) => {
  const parsed = parsePeer(spec, scheme);
  return parsed.type === 'peer' ? `${parsed.peerType} ${parsed.address}` : parsed.type;
};

describe('peer lines', () => {
  const good: readonly (readonly [spec: PeerSpec, said: string])[] = [
    ['peer.example:9000', 'standard tcp://peer.example:9000'],
    ['  peer.example:9000\t', 'standard tcp://peer.example:9000'],
    ['10.0.0.7:9000', 'standard tcp://10.0.0.7:9000'],
    ['[::1]:9000', 'standard tcp://[::1]:9000'],
    ['[fe80::1%25eth0]:9000', 'standard tcp://[fe80::1%25eth0]:9000'],
    ['peer.example:9000X', 'cross tcp://peer.example:9000'],
    ['[::1]:9000X', 'cross tcp://[::1]:9000'],
    ['peer.example:9000L', 'limited-sending tcp://peer.example:9000'],
    ['inet#peer.example:9000', 'standard tcp://peer.example:9000'],
    ['inet#peer.example:9000L', 'limited-sending tcp://peer.example:9000'],
    ['inet:peer.example:9000', 'standard tcp://peer.example:9000'],
    ['inet:peer.example:9000X', 'cross tcp://peer.example:9000'],
    ['inet:[::1]:9000X', 'cross tcp://[::1]:9000'],
    ['inet:9000', 'standard tcp://inet:9000'],
    ['inet:9000X', 'cross tcp://inet:9000'],
    [`${nodeId}@10.0.0.7:9000X`, `cross tcp://${nodeId}@10.0.0.7:9000`],
    ['tcp://10.0.0.7:9000', 'standard tcp://10.0.0.7:9000'],
    ['ws://10.0.0.7:9000X', 'cross ws://10.0.0.7:9000'],
    ['sim://b', 'standard sim://b'],
    ['host:1', 'standard tcp://host:1'],
    ['host:65535', 'standard tcp://host:65535'],
    [{ address: 'tcp://host:1' }, 'standard tcp://host:1'],
    [{ address: parseAddress('tcp://host:1'), type: 'limited-receiving' }, 'limited-receiving tcp://host:1'],
  ];
  for (const [spec, expected] of good)
    it(`INET-24: ${JSON.stringify(spec)} is ${expected}`, () => {
      expect(said(spec)).to.equal(expected);
    });

  const wrong: readonly unknown[] = [
    ...['peer.example', 'peer.example:', ':9000', 'peer.example:0', 'peer.example:65536', 'peer.example:9000Y', 'peer.example:9000XL'],
    ...['peer.example:9000x', 'peer.example:9000l', 'peer.example:9000 X', 'peer.example:X9000', 'peer.example:9000X7', 'a b:9000'],
    ...['::1:9000', '[::1:9000', '[::1]9000', '[::1]:9000LL', 'inet#', 'inet#inet#host:1', 'tor#host:1', 'INET#host:1', 'inet:host'],
    ...[`${nodeId.slice(1)}@host:1`, `${nodeId}@`, 'tcp://', 'tcp://host', '://host:1', `${'a'.repeat(1_020)}:9000`, 'host:1\nhost:2'],
    ...[undefined, null, 7, {}, { address: 7 }, { address: 'tcp://host:0' }, { address: 'host:1' }, { address: 'tcp://host:1', type: 'X' }],
  ];
  for (const spec of wrong)
    it(`INET-24: ${JSON.stringify(spec)?.slice(0, 60)} is refused`, () => {
      expect(said(spec)).to.equal('invalid');
    });

  it('INET-03: an empty line is no peer and no mistake', () => {
    expect(['', ' ', '\t\r\n'].map((line) => said(line))).to.deep.equal(['empty', 'empty', 'empty']);
  });

  it('lines without a scheme have the one that is asked for', () => {
    expect(said('b:7X', 'sim')).to.equal('cross sim://b:7');
  });

  it('whatever the text, it is answered, and what is a peer says so again when its address is read back', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^(inet[#:])?[a-z.:[\]0-9@]{0,12}:[0-9]{1,6}[XLx]?$/));
    fc.assert(
      fc.property(text, (line) => {
        const parsed = parsePeer(line);
        if (parsed.type === 'peer') expect(said({ address: parsed.address, type: parsed.peerType })).to.equal(said(line));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('peer files', () => {
  it('INET-24: have one peer in each line, whatever ends it; blank lines are left out', () => {
    const text = '\uFEFFone:1\r\n\r\n  two:2X \n\t\n\rinet#three:3L';
    expect(peerFileLines(text)).to.deep.equal(['one:1', 'two:2X', 'inet#three:3L']);
    expect([peerFileLines(''), peerFileLines('\n\n')]).to.deep.equal([[], []]);
  });
});
