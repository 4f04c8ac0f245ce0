/**
 * @module Row 84's child process: everything here runs with a frozen Object.prototype from before the first import of the codec. Prints
 * the number of cases that went as expected; any difference ends it with a stack trace.
 */
import assert from 'node:assert/strict';
import { fromHex } from '../cbor-corpus.js';
import { POLLUTION_CASES } from '../pollution-cases.js';

Object.freeze(Object.prototype);
Object.freeze(Array.prototype);

const { scanCbor } = await import('../../../core/wire/cbor-scan.js');
const { decodeValue, encodeValue, VALUE_LIMITS_DEFAULT } = await import('../../../core/wire/codec.js');
const { Metrics } = await import('../../../core/metrics.js');
const { decodeControl, encodeReady } = await import('../../../core/wire/link-control.js');

for (const { title, hex, verdict } of POLLUTION_CASES) {
  const bytes = fromHex(hex);
  assert.equal(scanCbor(bytes, VALUE_LIMITS_DEFAULT), verdict, title);
  assert.equal(decodeValue(bytes) !== undefined, verdict === 'plain', title);
}
const value = {
  name: 'world',
  keys: ['a', 1.5, 2n ** 60n],
  length: 1,
  toJSON: null,
  inner: Object.assign(Object.create(null), { bytes: Uint8Array.of(1) }),
};
assert.deepEqual(decodeValue(encodeValue(value)), { value: { ...value, inner: { bytes: Uint8Array.of(1) } } });
assert.throws(() => encodeValue(new Map()), { name: 'NetworkError', code: 'CODEC_UNENCODABLE' });
assert.deepEqual(decodeControl(encodeReady([64])), { type: 'ready', services: [64] });
new Metrics().counter('messages_sent_total').value++;
process.stdout.write(String(POLLUTION_CASES.length));
