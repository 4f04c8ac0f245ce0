/** @module Tests of the announcement: what is said, by which addresses a node is reached, and what is refused. */
import { expect } from 'chai';
import fc from 'fast-check';
import { announcementFromBytes, announcementToBytes, placesAt, reachableAt } from '../../../behaviours/lan/messages.js';
import { encodeValue, type NodeId, parseAddress } from '../../../core/index.js';

const ID = 'ab'.repeat(32) as NodeId;
const addresses = (...texts: string[]) => texts.map(parseAddress);
const texts = (list: readonly { readonly text: string }[] | undefined) => list?.map(({ text }) => text);

describe('the announcement of LAN discovery', () => {
  it('carries the id, and the addresses without their hosts', () => {
    const bytes = announcementToBytes({
      nodeId: ID,
      addresses: addresses('tcp://192.168.1.5:7400', 'ws://[fe80::1%25eth0]:80/mesh', `tcp://${ID}@[::]:7400`),
    });
    const heard = announcementFromBytes(bytes);
    expect(heard?.nodeId).to.equal(ID);
    expect(texts(heard?.addresses)).to.deep.equal(['tcp://0.0.0.0:7400', 'ws://0.0.0.0:80/mesh']);
    expect(Buffer.from(bytes).includes('192.168')).to.equal(false);
  });

  it('fits into what can be told at once, whatever there is to say', () => {
    const many = Array.from({ length: 20 }, (_, index) => parseAddress(`wss://host-${index}.example:4433/${'x'.repeat(40)}${index}`));
    const bytes = announcementToBytes({ nodeId: ID, addresses: many });
    expect(bytes.length).to.be.at.most(253 - 32);
    expect(announcementFromBytes(bytes)?.addresses).to.have.length(2);
    const short = Array.from({ length: 9 }, (_, index) => parseAddress(`x://h:${index + 1}`));
    expect(announcementFromBytes(announcementToBytes({ nodeId: ID, addresses: short }))?.addresses).to.have.length(8);
    const long = announcementToBytes({ nodeId: ID, addresses: [parseAddress(`ws://h:1/${'x'.repeat(500)}`)] });
    expect(announcementFromBytes(long)?.addresses).to.deep.equal([]);
  });

  it('what is no announcement is refused; an address that is none is left out', () => {
    const id = new Uint8Array(32);
    const read = (value: unknown) => announcementFromBytes(encodeValue(value));
    expect(
      texts(read({ id, at: ['tcp://1.2.3.4:5', 'nonsense', 7, `mesh://${ID}`, 'tcp://[fe80::1%25eth0]:5'] })?.addresses),
    ).to.deep.equal(['tcp://1.2.3.4:5']);
    for (const wrong of [
      7,
      null,
      [],
      {},
      { id },
      { at: [] },
      { id: 'x', at: [] },
      { id: new Uint8Array(31), at: [] },
      { id: new Uint8Array(33), at: [] },
      { id, at: {} },
    ])
      expect(read(wrong), JSON.stringify(wrong)).to.equal(undefined);
    expect(read({ id, at: new Array(8).fill('tcp://1.2.3.4:5') })).not.to.equal(undefined);
    expect(read({ id, at: new Array(9).fill('tcp://1.2.3.4:5') })).to.equal(undefined);
  });

  it('any bytes are read without a throw (row 85)', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 253 }), (bytes) => void announcementFromBytes(bytes)));
  });

  it('a node is reached by any-addresses of the family, and by the very host', () => {
    const reached = (host: string, ...listening: string[]) => texts(reachableAt(host, addresses(...listening)));
    const all = ['tcp://[::]:1', 'tcp://0.0.0.0:2', 'tcp://10.0.0.5:3', 'tcp://127.0.0.1:4', 'tcp://[fe80::1%25eth0]:5', 'sim://node-1'];
    expect(reached('10.0.0.5', ...all)).to.deep.equal(['tcp://[::]:1', 'tcp://0.0.0.0:2', 'tcp://10.0.0.5:3']);
    expect(reached('127.0.0.1', ...all)).to.deep.equal(['tcp://[::]:1', 'tcp://0.0.0.0:2', 'tcp://127.0.0.1:4']);
    expect(reached('fe80::1%eth0', ...all)).to.deep.equal(['tcp://[::]:1', 'tcp://[fe80::1%25eth0]:5']);
    expect(reached('fe80::1%eth1', ...all)).to.deep.equal(['tcp://[::]:1']);
    expect(reached('node-1', 'sim://node-1', 'sim://node-2')).to.deep.equal(['sim://node-1']);
    expect(reached('10.0.0.5')).to.deep.equal([]);
  });

  it('the host of every place is the one that the packet came from, whatever was said', () => {
    const said = addresses('tcp://8.8.8.8:53', 'ws://[::1]:80/mesh', `tcp://${ID}@10.9.9.9:7`);
    expect(texts(placesAt('192.168.1.9', said))).to.deep.equal(['tcp://192.168.1.9:53', 'ws://192.168.1.9:80/mesh', 'tcp://192.168.1.9:7']);
    expect(texts(placesAt('fe80::9%eth0', said))?.[0]).to.equal('tcp://[fe80::9%25eth0]:53');
    for (const wrong of ['', 'fe80::9%a b', '1.2.3', '::1::']) expect(placesAt(wrong, said), wrong).to.deep.equal([]);
  });
});
