/** @module Tests of a topic as names and records of DNS: what is written, what is read back, and what is left alone. */
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { type DnsPacket, LanRecords } from '../../../../../core/platform/node/lan/records.js';
import { seededRandom } from '../../../../../testing/index.js';

/** The decoder that the package uses. */
const dns = createRequire(createRequire(import.meta.url).resolve('multicast-dns'))('dns-packet') as {
  encode(packet: object): Buffer;
  decode(bytes: Buffer): DnsPacket;
};

const BYTES = Uint8Array.of(0, 255, 61, 46);
const ada = new LanRecords('topic', 'ada');
const bob = new LanRecords('topic', 'bob');
const eve = new LanRecords('other', 'eve');
const response = (answer: object) => dns.decode(dns.encode({ type: 'response', flags: 0x400, ...answer }));
const query = (question: object) => dns.decode(dns.encode({ type: 'query', ...question }));

describe('the records of LAN discovery', () => {
  it('are a pointer from the topic to the instance, and a text of the instance', () => {
    expect(ada.answer(BYTES, 600)).to.deep.equal({
      answers: [{ name: '_topic._sub._meshwright._udp.local', type: 'PTR', ttl: 600, data: 'ada._meshwright._udp.local' }],
      additionals: [
        { name: 'ada._meshwright._udp.local', type: 'TXT', ttl: 600, data: [Buffer.from([0x64, 0x3d, 0, 255, 61, 46])], flush: true },
      ],
    });
  });

  it('what one tells another reads, byte by byte, and its own it does not hear', () => {
    const packet = response(ada.answer(BYTES, 600));
    expect(bob.read(packet)).to.deep.equal([{ type: 'announcement', bytes: BYTES, ttlSeconds: 600 }]);
    expect(ada.read(packet)).to.deep.equal([]);
    expect(eve.read(packet)).to.deep.equal([]);
    expect(bob.read(response(ada.answer(BYTES, 0)))).to.deep.equal([{ type: 'announcement', bytes: BYTES, ttlSeconds: 0 }]);
  });

  it('the most that can be told fits into one text, and one more does not', () => {
    const most = new Uint8Array(253).fill(7);
    expect(bob.read(response(ada.answer(most, 1)))).to.deep.equal([{ type: 'announcement', bytes: most, ttlSeconds: 1 }]);
  });

  it('a question reaches everybody of the topic but who asks', () => {
    const packet = query(ada.question(600));
    expect([ada, bob, eve].map((records) => records.read(packet))).to.deep.equal([[], [{ type: 'query' }], []]);
  });

  it('a question for any type counts, one for another type or name does not, whatever the case of its letters', () => {
    const asked = (name: string, type: string) => bob.read(query({ questions: [{ name, type }] })).length;
    expect(asked('_topic._sub._meshwright._udp.local', 'ANY')).to.equal(1);
    expect(asked('_TOPIC._sub._Meshwright._udp.LOCAL', 'PTR')).to.equal(1);
    expect(asked('_topic._sub._meshwright._udp.local', 'A')).to.equal(0);
    expect(asked('_meshwright._udp.local', 'PTR')).to.equal(0);
    expect(asked('_services._dns-sd._udp.local', 'PTR')).to.equal(0);
  });

  it('who is listed as known already does not answer (RFC 6762, section 7.1)', () => {
    const { questions } = ada.question(600);
    const knownAnswers = [...ada.answer(BYTES, 600).answers, ...bob.answer(BYTES, 600).answers];
    expect(bob.read(query({ questions, answers: knownAnswers }))).to.deep.equal([]);
    expect(bob.read(query({ questions, answers: knownAnswers.slice(0, 1) }))).to.deep.equal([{ type: 'query' }]);
  });

  it('a text without its pointer, of another key or type, or in a packet with an error, is not heard', () => {
    const { answers, additionals } = ada.answer(BYTES, 600);
    const [text] = additionals;
    for (const wrong of [
      response({ answers: [], additionals }),
      response({ answers, additionals: [] }),
      response({ answers, additionals: [{ ...text, name: 'cleo._meshwright._udp.local' }] }),
      response({ answers, additionals: [{ ...text, data: ['x=1', 'd'] }] }),
      response({ answers, additionals: [{ ...text, type: 'NULL', data: Buffer.from('d=1') }] }),
      { ...response({ answers, additionals }), rcode: 'SERVFAIL' },
      { ...response({ answers, additionals }), opcode: 'UPDATE' },
      { ...response({ answers, additionals }), type: 'query' as const },
    ])
      expect(bob.read(wrong)).to.deep.equal([]);
  });

  it('changed bytes never throw where the package decodes them (row 85)', () => {
    const random = seededRandom('lan-records');
    const packets = [dns.encode({ type: 'response', ...ada.answer(BYTES, 600) }), dns.encode({ type: 'query', ...ada.question(600) })];
    let decoded = 0;
    for (let round = 0; round < 10_000; round++) {
      const bytes = Buffer.from(packets[round % 2] as Buffer);
      for (let changes = 0; changes <= round % 4; changes++) bytes[Math.floor(random.float() * bytes.length)] = random.float() * 256;
      const packet = attempt(() => dns.decode(bytes));
      if (packet === undefined) continue;
      decoded++;
      bob.read(packet);
    }
    expect(decoded).to.be.greaterThan(2_000);
  });
});

/** The decoder throws for what is no packet; the package makes a warning of it. */
function attempt(decode: () => DnsPacket): DnsPacket | undefined {
  try {
    return decode();
  } catch {
    return undefined;
  }
}
