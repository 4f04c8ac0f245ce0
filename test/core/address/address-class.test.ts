/**
 * @module Row 43: every kind of address, as a remote may tell it, under every mode. 52 cases, and what a remote may tell by where it is.
 */
import { expect } from 'chai';
import { type AddressClass, type AddressMode, classOf, modeOfRemote, refusalOf } from '../../../core/address/address-class.js';
import { groupOfAddress } from '../../../core/address/address-group.js';
import { parseAddress, tryParseAddress } from '../../../core/index.js';

const MODES: readonly AddressMode[] = ['public', 'private', 'loopback'];
const ID = 'ab'.repeat(32);

/** The text, its class ('none' when it is no address at all), and the first mode that takes it. */
type Case = readonly [text: string, name: AddressClass | 'none', from: AddressMode | 'never'];

const CASES: readonly Case[] = [
  // IPv4 by its ranges, each with a neighbour across the border.
  ['tcp://8.8.8.8:7400', 'public', 'public'],
  ['tcp://0.0.0.0:7400', 'unspecified', 'never'],
  ['tcp://0.0.0.1:7400', 'reserved', 'never'],
  ['tcp://10.255.255.255:7400', 'private', 'private'],
  ['tcp://11.0.0.0:7400', 'public', 'public'],
  ['tcp://100.64.0.1:7400', 'shared', 'private'],
  ['tcp://100.128.0.1:7400', 'public', 'public'],
  ['tcp://127.0.0.1:7400', 'loopback', 'loopback'],
  ['tcp://127.255.255.254:7400', 'loopback', 'loopback'],
  ['tcp://128.0.0.1:7400', 'public', 'public'],
  ['tcp://169.254.169.254:8080', 'link-local', 'never'],
  ['tcp://172.31.255.1:7400', 'private', 'private'],
  ['tcp://172.32.0.1:7400', 'public', 'public'],
  ['tcp://192.0.0.8:7400', 'reserved', 'never'],
  ['tcp://192.0.2.1:7400', 'documentation', 'never'],
  ['tcp://192.88.99.1:7400', 'reserved', 'never'],
  ['tcp://192.168.1.1:7400', 'private', 'private'],
  ['tcp://198.19.0.1:7400', 'benchmark', 'never'],
  ['tcp://198.51.100.7:7400', 'documentation', 'never'],
  ['tcp://203.0.113.7:7400', 'documentation', 'never'],
  ['tcp://224.0.0.251:7400', 'multicast', 'never'],
  ['tcp://239.255.255.250:7400', 'multicast', 'never'],
  ['tcp://240.0.0.1:7400', 'reserved', 'never'],
  ['tcp://255.255.255.255:7400', 'broadcast', 'never'],
  // IPv6.
  ['tcp://[2606:4700::1111]:7400', 'public', 'public'],
  ['tcp://[::]:7400', 'unspecified', 'never'],
  ['tcp://[::1]:7400', 'loopback', 'loopback'],
  ['tcp://[::2]:7400', 'embedded', 'never'],
  ['tcp://[::ffff:127.0.0.1]:7400', 'mapped', 'never'],
  ['tcp://[::ffff:8.8.8.8]:7400', 'mapped', 'never'],
  ['tcp://[::127.0.0.1]:7400', 'embedded', 'never'],
  ['tcp://[64:ff9b::7f00:1]:7400', 'embedded', 'never'],
  ['tcp://[100::1]:7400', 'reserved', 'never'],
  ['tcp://[2001::1]:7400', 'embedded', 'never'],
  ['tcp://[2001:db8::1]:7400', 'documentation', 'never'],
  ['tcp://[2002:7f00:1::]:7400', 'embedded', 'never'],
  ['tcp://[3fff:fff::1]:7400', 'documentation', 'never'],
  ['tcp://[4000::1]:7400', 'reserved', 'never'],
  ['tcp://[fd00::1]:7400', 'private', 'private'],
  ['tcp://[fe80::1]:7400', 'link-local', 'never'],
  ['tcp://[fec0::1]:7400', 'reserved', 'never'],
  ['tcp://[ff02::fb]:7400', 'multicast', 'never'],
  // Odd spellings, which are no addresses.
  ['tcp://127.1:7400', 'none', 'never'],
  ['tcp://0x7f000001:7400', 'none', 'never'],
  ['tcp://0177.0.0.1:7400', 'none', 'never'],
  // Names.
  ['tcp://localhost:7400', 'loopback', 'loopback'],
  ['tcp://node.example.org:7400', 'name', 'private'],
  ['wss://node.example.org', 'name', 'public'],
  // Ports.
  ['tcp://8.8.8.8:0', 'public', 'never'],
  ['udp://8.8.8.8:11211', 'public', 'never'],
  ['tcp://8.8.8.8:25', 'public', 'never'],
  // Through the mesh.
  [`mesh://${ID}`, 'node', 'public'],
];

describe('row 43: kinds of addresses', () => {
  it('are 52 cases', () => {
    expect(CASES).to.have.length(52);
    expect(new Set(CASES.map(([text]) => text)).size).to.equal(52);
  });

  for (const [text, name, from] of CASES) {
    it(`${text} is ${name}, and believed ${from === 'never' ? 'never' : `from mode ${from} on`}`, () => {
      const address = tryParseAddress(text);
      expect(address === undefined ? 'none' : classOf(address)).to.equal(name);
      const believed = MODES.filter((mode) => address !== undefined && refusalOf(address, mode) === undefined);
      expect(believed).to.deep.equal(from === 'never' ? [] : MODES.slice(MODES.indexOf(from)));
    });
  }

  it('hosts of transports without IP are near, whatever they are called', () => {
    expect(classOf(parseAddress('sim://node-1'))).to.equal('virtual');
    expect(classOf(parseAddress('mem://localhost'))).to.equal('virtual');
    expect(['localhost.', 'a.localhost.', 'mylocalhost'].map((host) => classOf(parseAddress(`tcp://${host}:7400`)))).to.deep.equal([
      ...['loopback', 'loopback', 'name'],
    ]);
    expect(refusalOf(parseAddress('sim://node-1'), 'loopback')).to.equal(undefined);
    expect(refusalOf(parseAddress('sim://node-1'), 'private')).to.equal('virtual address');
    expect(classOf(parseAddress('sim://8.8.8.8')), 'but numbers are numbers').to.equal('public');
  });

  it('names that TLS vouches for are believed, unless they mean something on a local network only', () => {
    const refusal = (text: string) => refusalOf(parseAddress(text), 'public');
    expect(refusal('wss://mesh.example.org:8443/path')).to.equal(undefined);
    expect(refusal('ws://mesh.example.org:8443')).to.equal('name address');
    for (const name of [
      'printer',
      'printer.',
      'printer.local',
      'printer.local.',
      'a.internal',
      'router.lan',
      'x.home.arpa',
      'localhost',
      'a.localhost',
    ])
      expect(refusal(`wss://${name}:8443`), name).to.match(/ address$/);
  });

  it('ports of services that reflect or belong to others are refused (row 46)', () => {
    const refusal = (text: string) => refusalOf(parseAddress(text), 'loopback');
    for (const port of [7, 19, 53, 123, 443, 1900, 5353, 11_211]) expect(refusal(`udp://8.8.8.8:${port}`), `${port}`).to.be.a('string');
    for (const port of [1024, 7400, 49_152]) expect(refusal(`udp://8.8.8.8:${port}`), `${port}`).to.equal(undefined);
    for (const port of [22, 25, 53, 6379]) expect(refusal(`tcp://8.8.8.8:${port}`), `${port}`).to.be.a('string');
    for (const port of [80, 443, 7400]) expect(refusal(`tcp://8.8.8.8:${port}`), `${port}`).to.equal(undefined);
  });

  it('where packets came from over a link is believed whatever it is meant for, if anybody can send from there', () => {
    const refusal = (text: string) => refusalOf(parseAddress(text), 'link');
    for (const host of [
      '8.8.8.8',
      '10.0.0.1',
      '127.0.0.1',
      '169.254.7.7',
      '192.0.2.1',
      '198.18.0.1',
      '[fd00::1]',
      '[fe80::1%25eth0]',
      '[2001:db8::1]',
    ])
      expect(refusal(`tcp://${host}:7400`), host).to.equal(undefined);
    for (const host of [
      '0.0.0.0',
      '224.0.0.251',
      '255.255.255.255',
      '[::]',
      '[fe80::1]',
      '[ff02::fb]',
      '[::ffff:10.0.0.1]',
      '[2002:7f00:1::]',
      'a.example',
    ])
      expect(refusal(`tcp://${host}:7400`), host).to.match(/ address$/);
    for (const place of ['tcp://10.0.0.1:0', 'tcp://10.0.0.1:22', 'udp://10.0.0.1:53', 'udp://[fe80::1%25eth0]:5353', `mesh://${ID}`])
      expect(refusal(place), place).to.be.a('string');
    expect(refusal('sim://node-1')).to.equal(undefined);
  });

  it('nobody tells of places that are nearer than it is itself', () => {
    const cases: readonly (readonly [string, AddressMode])[] = [
      ['tcp://8.8.8.8:50000', 'public'],
      ['tcp://192.168.1.7:50000', 'private'],
      ['tcp://100.64.0.7:50000', 'private'],
      ['tcp://[fe80::1%25eth0]:50000', 'private'],
      ['tcp://127.0.0.1:50000', 'loopback'],
      ['tcp://[::1]:50000', 'loopback'],
      ['tcp://[::ffff:127.0.0.1]:50000', 'loopback'],
      ['tcp://[::ffff:8.8.8.8]:50000', 'public'],
      ['tcp://224.0.0.1:50000', 'public'],
      ['sim://node-1:50000', 'loopback'],
      ['ws://proxy.example:80', 'private'],
      [`mesh://${ID}`, 'public'],
    ];
    for (const [text, mode] of cases) expect(modeOfRemote(parseAddress(text)), text).to.equal(mode);
  });
});

describe('groups of addresses', () => {
  const groupOf = (text: string) => groupOfAddress(parseAddress(text));

  it('are /16 and /32 of the internet, and two labels of a name', () => {
    expect(groupOf('tcp://8.8.8.8:1')).to.equal('8.8');
    expect(groupOf('udp://8.8.255.1:2')).to.equal('8.8');
    expect(groupOf('tcp://8.9.8.8:1')).to.equal('8.9');
    expect(groupOf('tcp://[2606:4700:1::1]:1')).to.equal('38.6.71.0');
    expect(groupOf('tcp://[2606:4700:2::1]:1')).to.equal('38.6.71.0');
    expect(groupOf('tcp://[2606:4701::1]:1')).to.equal('38.6.71.1');
    expect(groupOf('wss://a.b.example.org')).to.equal('example.org');
    expect(groupOf('wss://a.b.example.org.')).to.equal('example.org');
  });

  it('are none for what is near', () => {
    for (const text of ['tcp://127.0.0.1:1', 'tcp://10.0.0.1:1', 'tcp://[fd00::1]:1', 'sim://a', `mesh://${ID}`])
      expect(groupOf(text), text).to.equal(undefined);
  });
});
