/**
 * @module Link control: each layout in hex, and the nearest inputs that are none.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { NetworkError } from '../../../core/errors.js';
import {
  type ControlMessage,
  decodeControl,
  encodeClose,
  encodePace,
  encodePing,
  encodePong,
  encodeReady,
  encodeRest,
  encodeResume,
  encodeServices,
} from '../../../core/wire/link-control.js';
import { fromHex, toHex } from '../cbor-corpus.js';

const ALL_SERVICES = Array.from({ length: 256 }, (_, index) => index);

function decoded(hex: string): ControlMessage | 'unknown' | 'malformed' {
  return decodeControl(fromHex(hex));
}

function textOf(hex: string): string {
  const message = decoded(`040001${hex}`);
  if (message === 'malformed' || message === 'unknown' || message.type !== 'close') throw new Error(`it is ${JSON.stringify(message)}`);
  return message.text;
}

describe('link-control', () => {
  it('lays out ping and pong as kind and u64', () => {
    expect(toHex(encodePing(1))).to.equal('010000000000000001');
    expect(toHex(encodePong(2 ** 32))).to.equal('020000000100000000');
    expect(toHex(encodePing(Number.MAX_SAFE_INTEGER))).to.equal('01001fffffffffffff');
    expect(decoded('010000000000000001')).to.deep.equal({ type: 'ping', value: 1 });
    expect(decoded('02001fffffffffffff')).to.deep.equal({ type: 'pong', value: Number.MAX_SAFE_INTEGER });
  });

  for (const hex of ['01', '0100000000000000', '01000000000000000100', '010020000000000000', '02ffffffffffffffff']) {
    it(`takes ${hex} for no ping or pong`, () => expect(decoded(hex)).to.equal('malformed'));
  }

  it('throws for a ping value that is not whole, negative or beyond 2^53 - 1', () => {
    for (const value of [0.5, -1, 2 ** 53, Number.NaN]) expect(() => encodePing(value)).to.throw(NetworkError, 'value is');
  });

  it('lays out pace as kind and u32', () => {
    expect(toHex(encodePace(25_000))).to.equal('07000061a8');
    expect(decoded('07000061a8')).to.deep.equal({ type: 'pace', ms: 25_000 });
    expect(decoded('07ffffffff')).to.deep.equal({ type: 'pace', ms: 2 ** 32 - 1 });
  });

  for (const hex of ['07', '07000061', '07000061a800']) {
    it(`takes ${hex} for no pace`, () => expect(decoded(hex)).to.equal('malformed'));
  }

  it('lays out ready as a service list', () => {
    expect(toHex(encodeReady([64, 6]))).to.equal('0300020640');
    expect(decoded('0300020640')).to.deep.equal({ type: 'ready', services: [6, 64] });
    expect(decoded('030000')).to.deep.equal({ type: 'ready', services: [] });
  });

  for (const hex of ['03', '0300', '030001', '03000140ff', '03010203040506070800020640']) {
    it(`takes ${hex} for no ready`, () => expect(decoded(hex)).to.equal('malformed'));
  }

  it('lays out services ascending and once each, all 256 at most', () => {
    expect(toHex(encodeServices(new Set([255, 0, 64])))).to.equal('0500030040ff');
    expect(toHex(encodeServices([7, 7]))).to.equal('05000107');
    expect(decoded('0500030040ff')).to.deep.equal({ type: 'services', services: [0, 64, 255] });
    expect(decodeControl(encodeServices(ALL_SERVICES))).to.deep.equal({ type: 'services', services: ALL_SERVICES });
  });

  for (const hex of ['05', '0500', '050001', '05000107ff', '0500020707', '0500020807', `050101${'00'.repeat(257)}`]) {
    it(`takes ${hex.slice(0, 16)} for no services`, () => expect(decoded(hex)).to.equal('malformed'));
  }

  it('throws for what is no service id', () => {
    for (const serviceId of [-1, 256, 1.5]) expect(() => encodeServices([serviceId])).to.throw(NetworkError, 'service id');
  });

  it('lays out close as u16 code and text', () => {
    expect(toHex(encodeClose(4, 'nö'))).to.equal('0400046ec3b6');
    expect(toHex(encodeClose(0xffff, ''))).to.equal('04ffff');
    expect(decoded('0400046ec3b6')).to.deep.equal({ type: 'close', code: 4, text: 'nö' });
    expect(decoded('04ffff')).to.deep.equal({ type: 'close', code: 0xffff, text: '' });
    for (const code of [-1, 0x10000, 0.5]) expect(() => encodeClose(code, '')).to.throw(NetworkError, 'code is');
  });

  it('cuts the text of a close after the last whole character within 256 bytes', () => {
    const cut = (text: string): ControlMessage | string => decodeControl(encodeClose(1, text));
    expect(cut('a'.repeat(256))).to.deep.include({ text: 'a'.repeat(256) });
    expect(cut('a'.repeat(257))).to.deep.include({ text: 'a'.repeat(256) });
    expect(cut(`${'a'.repeat(255)}ö`)).to.deep.include({ text: 'a'.repeat(255) });
    expect(cut('\u{1f600}'.repeat(65))).to.deep.include({ text: '\u{1f600}'.repeat(64) });
    expect(encodeClose(1, '\u20ac'.repeat(100)).length).to.equal(3 + 255);
  });

  it('takes 256 bytes of text and refuses 257', () => {
    expect(textOf('61'.repeat(256))).to.equal('a'.repeat(256));
    expect(decoded(`040001${'61'.repeat(257)}`)).to.equal('malformed');
    expect(decoded('0400')).to.equal('malformed');
  });

  it('row 90: replaces control characters, line separators, direction marks and invalid UTF-8 in a remote text', () => {
    expect(textOf('610a620d1b5b33316d')).to.equal('a?b??[31m');
    expect(textOf('007f')).to.equal('??');
    expect(textOf('c285')).to.equal('?');
    expect(textOf('e280a8e280aee281a6efbbbf')).to.equal('????');
    expect(textOf('61ff62c3')).to.equal('a?b?');
    expect(textOf('66c3bc72f09f9880')).to.equal('für\u{1f600}');
  });

  it('keeps every remote text within 256 bytes of UTF-8', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 256 }), (bytes) => Buffer.byteLength(textOf(toHex(bytes))) <= 256));
  });

  it('lays out resume as a list that ascends by sequence, and rest as a piece (row 113)', () => {
    const sequences = [
      { sequence: 0, next: 0, end: 2 ** 40 },
      { sequence: 255, next: 2 ** 48 - 1, end: 1 },
    ];
    expect(decodeControl(encodeResume(sequences.toReversed()))).to.deep.equal({ type: 'resume', sequences });
    expect(decoded('090000')).to.deep.equal({ type: 'resume', sequences: [] });
    const piece = { sequence: 64, position: 2 ** 33, bytes: Uint8Array.of(7) };
    expect(decodeControl(encodeRest(piece))).to.deep.equal({ type: 'rest', ...piece });
  });

  const state = (sequence: string) => `${sequence}${'00'.repeat(12)}`;
  for (const hex of ['09', '0900', '090001', `090001${state('40').slice(2)}`, `090001${state('40')}00`, `090002${state('40')}`])
    it(`takes ${hex.slice(0, 16)} of ${hex.length / 2} bytes for no resume`, () => expect(decoded(hex)).to.equal('malformed'));
  for (const second of ['40', '3f'])
    it(`takes a resume whose sequence ${second} follows 40 for none`, () =>
      expect(decoded(`090002${state('40')}${state(second)}`)).to.equal('malformed'));
  for (const hex of ['0a', '0a40', '0a400000000000', '0a40000000000001'])
    it(`takes ${hex} for no rest`, () => expect(decoded(hex)).to.equal('malformed'));

  it('calls an unknown kind unknown, whatever follows, and no bytes malformed', () => {
    for (const hex of ['00', '0b', '0bffff', 'ff']) expect(decoded(hex)).to.equal('unknown');
    expect(decoded('')).to.equal('malformed');
  });

  it('reads a message from the middle of a larger buffer', () => {
    const buffer = fromHex(`ffff${toHex(encodePing(7))}ffff`);
    expect(decodeControl(buffer.subarray(2, 11))).to.deep.equal({ type: 'ping', value: 7 });
  });
});
