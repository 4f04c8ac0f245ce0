/** @module The crypto of a runtime whose `node:crypto` has no ChaCha20-Poly1305, as in Bun: portable ciphers, and a line that says so. */
import { expect } from 'chai';
import type { Crypto, Logger } from '../../../../core/index.js';
import { nodeCrypto } from '../../../../core/platform/node/crypto-node.js';
import { jsonLogger } from '../../../../core/platform/node/json-logger.js';
import { platformCrypto } from '../../../../core/platform/node/platform-crypto.js';
import { createNode } from '../../../../index.js';

/** As `createCipheriv` of such a runtime. */
const WITHOUT_CIPHER: Crypto = {
  ...nodeCrypto,
  cipherKey: () => ({
    seal: () => {
      throw new Error('Unknown cipher');
    },
    open: () => undefined,
  }),
};

function buffer() {
  const lines: Record<string, unknown>[] = [];
  const logger: Logger = jsonLogger('info', (line) => void lines.push(JSON.parse(line) as Record<string, unknown>));
  return { lines, logger };
}

describe('platform crypto', () => {
  it('is the native one where that can seal', () => {
    expect(platformCrypto(nodeCrypto)).to.equal(nodeCrypto);
  });

  it('has portable ciphers where it cannot: the same bytes, everything else native', () => {
    const crypto = platformCrypto(WITHOUT_CIPHER);
    expect(crypto.name).to.equal('node, portable ciphers');
    expect(crypto.agreementKey).to.equal(nodeCrypto.agreementKey);
    expect(crypto.release).to.equal(undefined);
    const [key, text] = [new Uint8Array(32).fill(7), new Uint8Array(100).fill(9)];
    const [portable, native] = [crypto, nodeCrypto].map(({ cipherKey }) => cipherKey(key).seal(3, undefined, text));
    expect([...(portable?.ciphertext ?? [])]).to.deep.equal([...(native?.ciphertext ?? [])]);
    expect([...(portable?.tag ?? [])]).to.deep.equal([...(native?.tag ?? [])]);
  });

  it('connects to nodes with native ciphers, and is named once at info when a node is created', async () => {
    const { lines, logger } = buffer();
    const portable = await createNode({ crypto: platformCrypto(WITHOUT_CIPHER), listen: ['tcp://127.0.0.1:0'], logger });
    const native = await createNode({ logger: buffer().logger });
    try {
      const remarks = () => lines.filter(({ crypto }) => crypto !== undefined);
      expect(remarks()).to.have.lengthOf(1);
      expect(remarks()[0]).to.include({ level: 30, node: portable.id.slice(0, 8), crypto: 'node, portable ciphers' });
      expect(remarks()[0]?.['msg']).to.match(/no ChaCha20-Poly1305/);
      await portable.start();
      await native.start();
      expect((await native.connect(String(portable.addresses[0]))).nodeId).to.equal(portable.id);
    } finally {
      await Promise.all([portable.stop(), native.stop()]);
    }
  });

  it('says nothing of native ciphers', async () => {
    const { lines, logger } = buffer();
    await createNode({ logger });
    expect(lines).to.deep.equal([]);
  });
});
