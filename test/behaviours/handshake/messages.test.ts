/** @module Tests of the handshake's messages: their bytes, every field's nearest refused value, and values that no message is. */
import { expect } from 'chai';
import fc from 'fast-check';
import { fromWire, HANDSHAKE_LIMITS, type HandshakeMessage, toWire } from '../../../behaviours/handshake/messages.js';
import { decodeValue, encodeValue } from '../../../core/index.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const times = <T>(count: number, item: (index: number) => T) => Array.from({ length: count }, (_, index) => item(index));

const ME = { addresses: ['tcp://192.0.2.1:7400'] };
const INITIAL = { stage: 1, me: ME, you: 'tcp://192.0.2.2:7400', sections: [['s', Uint8Array.of(1)]] };
const FINAL = { stage: 2, me: ME, accepted: ['s'] };
const UPDATE = { stage: 3, me: ME };

/** What a remote's value is read as; the reason for what is no message. */
function read(value: unknown): string {
  const message = fromWire(value);
  return message.stage === 'bad' ? message.reason : message.stage;
}

describe('handshake messages', () => {
  it('have these bytes (DNDM-23)', () => {
    const me = { addresses: ['mem://a'], name: 'anna' };
    const initial: HandshakeMessage = { stage: 'initial', me, you: 'mem://b', sections: [['s', Uint8Array.of(0xf5)]] };
    expect(hex(encodeValue(toWire(initial)))).to.equal(
      'a4' + // a map of four
        '65737461676501' + // stage: 1
        '626d65a2' + // me: a map of two
        '6961646472657373657381676d656d3a2f2f61' + // addresses: ['mem://a']
        '646e616d6564616e6e61' + // name: 'anna'
        '63796f75676d656d3a2f2f62' + // you: 'mem://b'
        '6873656374696f6e738182617341f5', // sections: [['s', h'f5']]
    );
    const final: HandshakeMessage = {
      stage: 'final',
      me: { addresses: [], name: undefined },
      you: undefined,
      accepted: ['s'],
      sections: [],
    };
    expect(hex(encodeValue(toWire(final)))).to.equal(
      'a36573746167650262 6d65a1696164647265737365738068616363657074656481 6173'.replaceAll(' ', ''),
    );
    const update: HandshakeMessage = { stage: 'update', me: { addresses: [], name: undefined } };
    expect(hex(encodeValue(toWire(update)))).to.equal('a26573746167650362 6d65a16961646472657373657380'.replaceAll(' ', ''));
  });

  it('are read as they were written', () => {
    const me = { addresses: ['mem://a', 'mem://b'], name: 'anna' };
    const messages: HandshakeMessage[] = [
      { stage: 'initial', me, you: undefined, sections: [] },
      { stage: 'initial', me: { addresses: [], name: undefined }, you: 'mem://c', sections: [['x', new Uint8Array(0)]] },
      { stage: 'final', me, you: 'mem://c', accepted: [], sections: [] },
      { stage: 'update', me },
    ];
    for (const message of messages) {
      expect(fromWire(decodeValue(encodeValue(toWire(message)))?.value)).to.deep.equal(message);
    }
  });

  const accepted: readonly (readonly [string, unknown, string])[] = [
    ['unknown fields', { ...INITIAL, me: { ...ME, colour: 'red' }, later: [1, 2] }, 'initial'],
    ['no addresses', { ...INITIAL, me: { addresses: [] } }, 'initial'],
    ['16 addresses', { ...INITIAL, me: { addresses: times(16, (index) => `mem://a${index}`) } }, 'initial'],
    ['an address of 1024 characters', { ...INITIAL, me: { addresses: ['a'.repeat(1024)] } }, 'initial'],
    ['what is no address: it is a hint', { ...INITIAL, me: { addresses: ['?'] }, you: '?' }, 'initial'],
    ['a name of 64 characters', { ...INITIAL, me: { ...ME, name: 'ä'.repeat(64) } }, 'initial'],
    ['no you', { ...INITIAL, you: undefined }, 'initial'],
    ['no sections', { ...INITIAL, sections: [] }, 'initial'],
    ['32 sections', { ...INITIAL, sections: times(32, (index) => [`s${index}`, new Uint8Array(0)]) }, 'initial'],
    ['a section name of 32 characters', { ...INITIAL, sections: [['n'.repeat(32), new Uint8Array(0)]] }, 'initial'],
    ['a section of 4096 bytes', { ...INITIAL, sections: [['s', new Uint8Array(4096)]] }, 'initial'],
    ['a FINAL', FINAL, 'final'],
    ['a FINAL with sections, as in the short form', { ...FINAL, sections: INITIAL.sections }, 'final'],
    ['32 accepted names', { ...FINAL, accepted: times(32, (index) => `s${index}`) }, 'final'],
    ['an UPDATE', UPDATE, 'update'],
  ];
  for (const [fact, value, stage] of accepted) it(`take ${fact}`, () => expect(read(value)).to.equal(stage));

  const { sections: _sections, ...withoutSections } = INITIAL;
  const malformed: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'INITIAL'],
    ['a list', [1, ME]],
    ['bytes', new Uint8Array(8)],
    ['an empty map', {}],
    ['a stage that is a text', { ...INITIAL, stage: '1' }],
    ['a stage that is a fraction', { ...INITIAL, stage: 1.5 }],
    ['a stage beyond 2^53', { ...INITIAL, stage: 2n ** 60n }],
    ['no me', { ...INITIAL, me: undefined }],
    ['a me that is a list', { ...INITIAL, me: [ME] }],
    ['no list of addresses', { ...INITIAL, me: {} }],
    ['addresses as a map', { ...INITIAL, me: { addresses: { length: 0 } } }],
    ['17 addresses', { ...INITIAL, me: { addresses: times(17, (index) => `mem://a${index}`) } }],
    ['an address of 1025 characters', { ...INITIAL, me: { addresses: ['a'.repeat(1025)] } }],
    ['an empty address', { ...INITIAL, me: { addresses: [''] } }],
    ['an address that is a number', { ...INITIAL, me: { addresses: [7400] } }],
    ['an empty name', { ...INITIAL, me: { ...ME, name: '' } }],
    ['a name of 65 characters', { ...INITIAL, me: { ...ME, name: 'a'.repeat(65) } }],
    ['a name with a line break (row 90)', { ...INITIAL, me: { ...ME, name: 'a\nb' } }],
    ['a name with a terminal escape (row 90)', { ...INITIAL, me: { ...ME, name: '\u001b[31m' } }],
    ['a name that turns the writing round (row 90)', { ...INITIAL, me: { ...ME, name: 'a\u202eb' } }],
    ['a name with a line separator (row 90)', { ...INITIAL, me: { ...ME, name: 'a\u2028b' } }],
    ['a name that is null', { ...INITIAL, me: { ...ME, name: null } }],
    ['a you that is a list', { ...INITIAL, you: ['mem://b'] }],
    ['a you of 1025 characters', { ...INITIAL, you: 'a'.repeat(1025) }],
    ['an INITIAL without sections', withoutSections],
    ['sections as a map', { ...INITIAL, sections: { s: Uint8Array.of(1) } }],
    ['33 sections', { ...INITIAL, sections: times(33, (index) => [`s${index}`, new Uint8Array(0)]) }],
    ['a section without value', { ...INITIAL, sections: [['s']] }],
    ['a section of three parts', { ...INITIAL, sections: [['s', Uint8Array.of(1), 1]] }],
    ['a section whose value is no bytes', { ...INITIAL, sections: [['s', 'f5']] }],
    ['a section of 4097 bytes', { ...INITIAL, sections: [['s', new Uint8Array(4097)]] }],
    ['a section without name', { ...INITIAL, sections: [['', Uint8Array.of(1)]] }],
    ['a section name of 33 characters', { ...INITIAL, sections: [['n'.repeat(33), Uint8Array.of(1)]] }],
    ['a section twice', { ...INITIAL, sections: [...INITIAL.sections, ...INITIAL.sections] }],
    ['a FINAL without accepted names', { ...FINAL, accepted: undefined }],
    ['33 accepted names', { ...FINAL, accepted: times(33, (index) => `s${index}`) }],
    ['an accepted name twice', { ...FINAL, accepted: ['s', 's'] }],
    ['an accepted name that is a number', { ...FINAL, accepted: [1] }],
    ['a FINAL whose sections are a text', { ...FINAL, sections: 's' }],
    ['an UPDATE without me', { stage: 3 }],
    ['CREDENTIALS without sections', { stage: 4 }],
    ['CREDENTIALS with a section twice', { stage: 4, sections: [...INITIAL.sections, ...INITIAL.sections] }],
  ];
  for (const [fact, value] of malformed) it(`refuse ${fact}`, () => expect(read(value)).to.equal('malformed handshake message'));

  for (const stage of [0, -1, 5, 255]) {
    it(`name stage ${stage} as unknown`, () => expect(read({ ...INITIAL, stage })).to.equal('unknown handshake stage'));
  }

  it('within the bounds of their fields stay below the bound of a message', () => {
    const me = { addresses: times(16, (index) => `${index}`.padEnd(1024, 'a')), name: '\u{10000}'.repeat(32) };
    const sections = times(32, (index) => [`${index}`.padEnd(32, 'ä'), new Uint8Array(4096)] as const);
    const message: HandshakeMessage = { stage: 'initial', me, you: 'a'.repeat(1024), sections };
    expect(read(toWire(message))).to.equal('initial');
    expect(encodeValue(toWire(message)).length).to.be.within(140_000, HANDSHAKE_LIMITS.messageBytesMax);
  });

  it('row 85: reading never throws, whatever the value', () => {
    const field = fc.oneof(fc.anything(), fc.constant(ME), fc.constant(INITIAL.sections));
    const shape = fc.record({ stage: fc.integer({ min: 0, max: 5 }), me: field, you: field, sections: field, accepted: field });
    fc.assert(fc.property(fc.oneof(fc.anything(), shape), (value) => typeof read(value) === 'string'));
  });
});
