/** @module Tests of addresses: the accepted forms and their normal form, the nearest refused ones, and hostile lengths. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ADDRESS_TEXT_MAX, Address, parseAddress, tryParseAddress } from '../../../core/address/address.js';
import { parseNodeId } from '../../../core/address/node-id.js';
import { NetworkError } from '../../../core/errors.js';
import { costRatio } from '../cost-ratio.js';

const ID = parseNodeId('0123456789abcdef'.repeat(4));
const OTHER = parseNodeId('f'.repeat(64));

/** Text, normal form. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ['tcp://127.0.0.1:7400', 'tcp://127.0.0.1:7400'],
  ['TCP://Example.ORG:7400', 'tcp://example.org:7400'],
  ['tcp://10.0.0.7:0', 'tcp://10.0.0.7:0'],
  ['tcp://10.0.0.7:00080', 'tcp://10.0.0.7:80'],
  ['udp://255.255.255.255:65535', 'udp://255.255.255.255:65535'],
  ['tcp://[::]:0', 'tcp://[::]:0'],
  ['tcp://[0:0:0:0:0:0:0:1]:1', 'tcp://[::1]:1'],
  ['tcp://[2001:DB8:0:0:8:800:200C:417A]:1', 'tcp://[2001:db8::8:800:200c:417a]:1'],
  ['tcp://[2001:db8:0:1:1:1:1:1]:1', 'tcp://[2001:db8:0:1:1:1:1:1]:1'],
  ['tcp://[2001:db8:0:0:1:0:0:1]:1', 'tcp://[2001:db8::1:0:0:1]:1'],
  ['tcp://[2001:0:0:1:0:0:0:1]:1', 'tcp://[2001:0:0:1::1]:1'],
  ['tcp://[1::]:1', 'tcp://[1::]:1'],
  ['tcp://[1:2:3:4:5:6:7::]:1', 'tcp://[1:2:3:4:5:6:7:0]:1'],
  ['tcp://[::ffff:7f00:1]:1', 'tcp://[::ffff:127.0.0.1]:1'],
  ['tcp://[::FFFF:127.0.0.1]:1', 'tcp://[::ffff:127.0.0.1]:1'],
  ['tcp://[64:ff9b::192.0.2.33]:1', 'tcp://[64:ff9b::c000:221]:1'],
  ['tcp://[fe80::1%25eth0]:1', 'tcp://[fe80::1%25eth0]:1'],
  [`tcp://${ID.toUpperCase()}@node.example:7400`, `tcp://${ID}@node.example:7400`],
  ['tcp://h:1/', 'tcp://h:1'],
  ['ws://host/mesh/a-b', 'ws://host:80/mesh/a-b'],
  ['wss://host:443/Mesh', 'wss://host:443/Mesh'],
  ['mem://alice', 'mem://alice'],
  ['mem://alice:0', 'mem://alice'],
  ['mem://alice:7', 'mem://alice:7'],
  ['sim://node-3', 'sim://node-3'],
  [`mesh://${ID}`, `mesh://${ID}`],
  [`mesh://${ID}@${ID.toUpperCase()}`, `mesh://${ID}`],
  [`tcp://${'a'.repeat(63)}.b:1`, `tcp://${'a'.repeat(63)}.b:1`],
  [`tcp://${'a.'.repeat(126)}b:1`, `tcp://${'a.'.repeat(126)}b:1`],
];

/** Text, a part of what the error says. */
const REFUSED: readonly (readonly [string, string])[] = [
  ['', 'scheme'],
  ['127.0.0.1:7400', 'scheme'],
  ['tcp:/127.0.0.1:7400', 'scheme'],
  ['://h:1', 'scheme'],
  ['1tcp://h:1', 'scheme'],
  [`${'s'.repeat(33)}://h:1`, 'scheme'],
  ['tcp://h', 'port is missing'],
  ['tcp://h:', 'not a number from 0'],
  ['tcp://h:65536', 'not a number from 0'],
  ['tcp://h:-1', 'not a number from 0'],
  ['tcp://h:1e3', 'not a number from 0'],
  ['tcp://h:000080', 'not a number from 0'],
  ['tcp://h: 80', 'not a number from 0'],
  ['tcp://:80', 'host is missing'],
  ['mem://', 'host is missing'],
  ['tcp://::1:80', 'brackets'],
  ['tcp://[::1:80', 'not closed'],
  ['tcp://[::1]80', 'something else than a port'],
  ['tcp://[::1]', 'port is missing'],
  ['tcp://[127.0.0.1]:80', 'not an IPv6'],
  ['tcp://[]:80', 'not an IPv6'],
  ['tcp://[:]:80', 'not an IPv6'],
  ['tcp://[:::]:80', 'not an IPv6'],
  ['tcp://[1::2::3]:80', 'not an IPv6'],
  ['tcp://[1:2:3:4:5:6:7]:80', 'not an IPv6'],
  ['tcp://[1:2:3:4:5:6:7:8:9]:80', 'not an IPv6'],
  ['tcp://[1:2:3:4:5:6:7::8]:80', 'not an IPv6'],
  ['tcp://[12345::]:80', 'not an IPv6'],
  ['tcp://[g::]:80', 'not an IPv6'],
  ['tcp://[::1.2.3.4:5]:80', 'not an IPv6'],
  ['tcp://[1.2.3.4::]:80', 'not an IPv6'],
  ['tcp://[::1.2.3.256]:80', 'not an IPv6'],
  ['tcp://[fe80::1%eth0]:1', '%25eth0'],
  ['tcp://[fe80::1%25]:1', 'zone'],
  ['tcp://[fe80::1%25a b]:1', 'zone'],
  ['tcp://[2001:db8::1%25eth0]:1', 'link-local'],
  ['tcp://256.0.0.1:1', 'ends in a number'],
  ['tcp://127.1:1', 'ends in a number'],
  ['tcp://010.0.0.1:1', 'ends in a number'],
  ['tcp://0x7f000001:1', 'ends in a number'],
  ['tcp://127.0.0.0x1:1', 'ends in a number'],
  ['tcp://2130706433:1', 'ends in a number'],
  ['tcp://1.2.3.4.5:1', 'ends in a number'],
  [`tcp://${'a'.repeat(64)}.b:1`, 'labels'],
  [`tcp://${'a.'.repeat(126)}bb:1`, 'longer than 253'],
  ['tcp://-a:1', 'labels'],
  ['tcp://a-:1', 'labels'],
  ['tcp://a..b:1', 'labels'],
  ['tcp://a..:1', 'labels'],
  ['tcp://.:1', 'labels'],
  ['tcp://127.0.0.1.:1', 'ends in a number'],
  ['tcp://a_-:1', 'labels'],
  ['tcp://bücher.example:1', 'xn--'],
  ['tcp://a b:1', 'labels'],
  ['tcp://a\n:1', 'labels'],
  ['tcp://@h:1', 'before @'],
  [`tcp://${ID.slice(1)}@h:1`, 'before @'],
  [`tcp://${ID}0@h:1`, 'before @'],
  [`tcp://${ID}@${ID}@h:1`, 'labels'],
  ['tcp://h:1/a?b', 'name'],
  ['tcp://h:1/a b', 'name'],
  ['tcp://h:1/%00', 'name'],
  [`mesh://${ID.slice(1)}`, 'node id'],
  [`mesh://${OTHER}@${ID}`, 'node id itself'],
  [`mesh://${ID}:1`, 'no port'],
  ['mesh://[::1]', 'node id'],
];

describe('kind 13: host names of networks in use', () => {
  it('have underscores, and the dot at their end that keeps resolvers from search domains', () => {
    for (const host of ['my_stack_seed_1', '_dnsaddr.example.org', 'a_', 'peers.default.svc.cluster.local.', `${'a.'.repeat(126)}b.`])
      expect(tryParseAddress(`tcp://${host}:7400`)).to.include({ host, hostKind: 'name', text: `tcp://${host}:7400` });
  });
});

function refusal(work: () => unknown): NetworkError {
  try {
    work();
  } catch (error) {
    if (error instanceof NetworkError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('Address', () => {
  for (const [text, normal] of ACCEPTED) {
    it(`reads ${text.slice(0, 60)} as ${normal.slice(0, 60)}`, () => {
      const address = parseAddress(text);
      expect(address.text).to.equal(normal);
      expect(String(address)).to.equal(normal);
      expect(JSON.stringify({ address })).to.equal(JSON.stringify({ address: normal }));
      expect(parseAddress(normal)).to.deep.equal(address);
      expect(Address.of(address)).to.deep.equal(address);
    });
  }

  for (const [text, part] of REFUSED) {
    it(`refuses ${JSON.stringify(text.slice(0, 60))} and says why`, () => {
      const error = refusal(() => parseAddress(text));
      expect(error.code).to.equal('ADDRESS_INVALID');
      expect(error.message).to.contain(part);
      expect(tryParseAddress(text)).to.equal(undefined);
    });
  }

  it('ATM-05: has its parts', () => {
    const address = parseAddress(`tcp://${ID}@[FE80::1%25eth0]:7400/name`);
    expect({ ...address }).to.deep.equal({
      scheme: 'tcp',
      nodeId: ID,
      host: 'fe80::1%eth0',
      hostKind: 'ipv6',
      port: 7400,
      name: 'name',
      text: `tcp://${ID}@[fe80::1%25eth0]:7400/name`,
    });
    expect(parseAddress('tcp://1.2.3.4:1').hostKind).to.equal('ipv4');
    expect(parseAddress('tcp://a.b:1').hostKind).to.equal('name');
  });

  it('is immutable', () => {
    const address = parseAddress('tcp://a:1') as { port: number };
    expect(() => {
      address.port = 2;
    }).to.throw(TypeError);
  });

  it('gives changed copies', () => {
    const address = parseAddress('tcp://a:1/n');
    expect(address.withPort(2).text).to.equal('tcp://a:2/n');
    expect(address.withHost('::1').text).to.equal('tcp://[::1]:1/n');
    expect(address.withHost('fe80::1%eth0').text).to.equal('tcp://[fe80::1%25eth0]:1/n');
    expect(address.withNodeId(ID).text).to.equal(`tcp://${ID}@a:1/n`);
    expect(address.withNodeId(ID).withNodeId(undefined).text).to.equal('tcp://a:1/n');
    expect(address.text).to.equal('tcp://a:1/n');
  });

  it('refuses wrong parts by name', () => {
    const address = parseAddress('tcp://a:1');
    expect(refusal(() => address.withPort(65_536)).message).to.contain('port');
    expect(refusal(() => address.withPort(1.5)).message).to.contain('port');
    expect(refusal(() => address.withPort(-1)).message).to.contain('port');
    expect(refusal(() => address.withHost('a b')).message).to.contain('labels');
    expect(refusal(() => address.withHost('[::1]')).message).to.contain('IPv6');
    expect(refusal(() => Address.of({ scheme: 'tcp', host: 'a' })).message).to.contain('port is missing');
    expect(refusal(() => Address.of({ host: 'a' } as never)).message).to.contain('not texts');
    expect(refusal(() => address.withNodeId('x' as never)).message).to.contain('node id');
    expect(refusal(() => parseAddress(`mesh://${ID}`).withNodeId(OTHER)).message).to.contain('node id');
    expect(parseAddress(`mesh://${ID}`).withNodeId(undefined).nodeId).to.equal(ID);
  });

  it('takes a zone from a person, not from a remote', () => {
    expect(parseAddress('tcp://[fe80::1%25eth0]:1').host).to.equal('fe80::1%eth0');
    expect(tryParseAddress('tcp://[fe80::1%25eth0]:1')).to.equal(undefined);
    expect(tryParseAddress('tcp://[fe80::1]:1')?.text).to.equal('tcp://[fe80::1]:1');
  });

  it('takes anything from a remote without throwing', () => {
    for (const value of [undefined, 7, {}, [], new Uint8Array(3), Symbol('x')]) expect(tryParseAddress(value)).to.equal(undefined);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => tryParseAddress(text) === undefined || text.includes('://')),
    );
    fc.assert(fc.property(fc.webUrl(), (text) => void tryParseAddress(text)));
    expect(refusal(() => parseAddress(7 as never)).message).to.contain('not a text');
  });

  it('keeps the normal form of whatever it accepts', () => {
    const host = fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((text) => `[${text}]`),
      fc.domain(),
    );
    fc.assert(
      fc.property(fc.constantFrom('tcp', 'udp', 'ws', 'mem'), host, fc.nat(65_535), (scheme, hostText, port) => {
        const address = parseAddress(`${scheme}://${hostText}:${port}`);
        expect(parseAddress(address.text)).to.deep.equal(address);
        expect(tryParseAddress(address.text)).to.deep.equal(address);
      }),
    );
  });

  it('shows hostile texts escaped and short in its errors', () => {
    const error = refusal(() => parseAddress(`tcp://\u001b[2J\n${'x'.repeat(900)}`));
    expect([...error.message].every((character) => character >= ' ')).to.equal(true);
    expect(error.message.length).to.be.below(300);
  });

  it(`is at most ${ADDRESS_TEXT_MAX} characters long, also in normal form`, () => {
    const fits = `tcp://a:1/${'n'.repeat(ADDRESS_TEXT_MAX - 10)}`;
    expect(parseAddress(fits).text).to.have.length(ADDRESS_TEXT_MAX);
    expect(refusal(() => parseAddress(`${fits}n`)).message).to.contain('longer');
    expect(refusal(() => parseAddress(`ws://a/${'n'.repeat(ADDRESS_TEXT_MAX - 7)}`)).message).to.contain('longer');
    expect(parseAddress(`ws://a/${'n'.repeat(ADDRESS_TEXT_MAX - 10)}`).text).to.have.length(ADDRESS_TEXT_MAX);
  });

  it('row 86: refuses 1 MiB of any pattern for the price of a text that is a little too long, and longer ones at no growing price', () => {
    const patterns = ['tcp://', ':', '[', 'a.', 'a-', '1.', '0', '::', '@', '/', '%25', 'tcp://[::', 'tcp://a:1/', `tcp://${ID}@`];
    for (const pattern of patterns) {
      const text = (length: number) => `tcp://${pattern.repeat(Math.ceil(length / pattern.length))}`.slice(0, length);
      expect(costRatio(parsedOften(text(2 ** 20)), parsedOften(text(2 * ADDRESS_TEXT_MAX)), 16), pattern).to.be.below(16);
      // Eight times as long: 8 if the price is linear, 64 if it is quadratic.
      expect(costRatio(parsedOften(text(ADDRESS_TEXT_MAX)), parsedOften(text(ADDRESS_TEXT_MAX / 8)), 48), pattern).to.be.below(48);
    }
  });
});

function parsedOften(text: string): () => void {
  return () => {
    for (let attempt = 0; attempt < 200; attempt++) tryParseAddress(text);
  };
}
