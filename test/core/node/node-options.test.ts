/** @module Tests of what createNode takes: everything is checked at once, and what is wrong is named (USERS 7). */
import { expect } from 'chai';
import {
  createNode,
  Identity,
  LIMITS,
  type MeshNode,
  NetworkBehavior,
  NetworkError,
  type NodeOptions,
  parseAddress,
  RouterTable,
} from '../../../index.js';
import { DirectRouter } from '../../../routing/index.js';

class Plain extends NetworkBehavior {
  static readonly behavior = { serviceId: 64, name: 'plain' } as const;
}

const QUIET = { logger: 'silent' } as const;

async function outcome(options: unknown): Promise<unknown> {
  try {
    return (await createNode(options as NodeOptions)) instanceof Object ? 'taken' : 'nothing';
  } catch (error) {
    return error instanceof NetworkError ? error : new Error('no NetworkError', { cause: error });
  }
}

/** Options, right ones and the nearest wrong ones. */
const OPTIONS: Readonly<Record<string, { readonly right: readonly unknown[]; readonly wrong: readonly unknown[] }>> = {
  identity: { right: [Identity.generate()], wrong: ['', 7, {}, null] },
  network: { right: ['a', 'x'.repeat(64), 'ü'.repeat(32)], wrong: ['', 'x'.repeat(65), 'ü'.repeat(33), 7, null] },
  networkKey: { right: [new Uint8Array(32), Buffer.alloc(32)], wrong: [new Uint8Array(31), new Uint8Array(33), 'x'.repeat(32), [], null] },
  listen: { right: [[], ['tcp://127.0.0.1:0'], [parseAddress('tcp://[::]:0')]], wrong: ['tcp://127.0.0.1:0', [7], [null], {}, null] },
  announce: {
    right: [[], ['tcp://203.0.113.7:7400', 'wss://mesh.example.org'], new Array(8).fill('tcp://a:1')],
    wrong: ['tcp://a:1', ['tcp://0.0.0.0:7400'], ['tcp://[::]:7400'], ['tcp://203.0.113.7:0'], new Array(9).fill('tcp://a:1'), [7], null],
  },
  seeds: { right: [[], ['tcp://10.0.0.7:7400']], wrong: ['tcp://10.0.0.7:7400', [{}], 7, null] },
  behaviors: { right: [[], [Plain], [new Plain()], [[Plain, {}]]], wrong: [Plain, 7, 'plain', {}] },
  router: { right: [DirectRouter, new DirectRouter()], wrong: [{}, 'direct', 7, class Other {}] },
  transports: { right: [[]], wrong: [{}, 'tcp', 7] },
  connections: {
    right: [{}, { min: 0 }, { max: 1 }, { min: 4, max: 4 }, { max: 65_536 }],
    wrong: [{ min: -1 }, { max: 0 }, { min: 5, max: 4 }, { max: 65_537 }, { max: 1.5 }, 7, null],
  },
  logger: { right: ['silent', 'warn', 'trace'], wrong: ['loud', 7, {}] },
  builtins: { right: [[], ['handshake'], ['handshake', 'rpc']], wrong: ['handshake', ['nonsense'], ['toString'], [7]] },
  lan: { right: [false, true], wrong: ['yes', 1, {}, null] },
  provide: { right: [[]], wrong: [{}, 'x', 7] },
  tickMs: { right: [10, 1_000, 3_600_000], wrong: [9, 3_600_001, 10.5, '1000', Number.NaN] },
};

describe('createNode', () => {
  for (const [name, { right, wrong }] of Object.entries(OPTIONS)) {
    it(`takes a right ${name}, and refuses a wrong one by its name`, async () => {
      for (const value of right) expect(await outcome({ ...QUIET, [name]: value }), String(value)).to.equal('taken');
      for (const value of wrong) {
        const error = (await outcome({ ...QUIET, [name]: value })) as NetworkError;
        expect(error, JSON.stringify(value)).to.be.instanceOf(NetworkError);
        expect(error.message, JSON.stringify(value)).to.match(new RegExp(name.replace('behaviors', 'behaviou?r'), 'i'));
      }
    });
  }

  it('refuses a text that is no address with the error of addresses', async () => {
    for (const name of ['listen', 'seeds'])
      expect(((await outcome({ [name]: ['nowhere'] })) as NetworkError).code).to.equal('ADDRESS_INVALID');
  });

  it('refuses what is no option, by its name, and options that are no object', async () => {
    for (const name of ['listens', 'constructor']) {
      const error = (await outcome({ [name]: 1 })) as NetworkError;
      expect([error.code, error.details]).to.deep.equal(['OPTION_INVALID', { option: name }]);
    }
    expect(((await outcome({ listens: [] })) as NetworkError).message).to.equal(
      'createNode: option listens is unknown; did you mean listen?',
    );
    for (const wrong of [null, 7, 'tcp://[::]:0']) expect(((await outcome(wrong)) as NetworkError).code).to.equal('OPTION_INVALID');
  });

  it('takes nothing at all: a fresh identity, no listener, the defaults of every limit', async () => {
    const [one, other] = [await createNode(), await createNode({})];
    expect(one.id)
      .to.match(/^[0-9a-f]{64}$/)
      .and.not.equal(other.id);
    expect(one.addresses).to.deep.equal([]);
    for (const [name, { value }] of Object.entries(LIMITS)) expect(one.limits()[name as keyof typeof LIMITS], name).to.equal(value);
  });

  it('refuses two bounds of the open connections that differ; one bound, or twice the same, is taken', async () => {
    const both = (max: number, connectionsMax: number) => outcome({ ...QUIET, connections: { max }, limits: { connectionsMax } });
    expect(await both(9, 9)).to.equal('taken');
    const error = (await both(9, 10)) as NetworkError;
    expect([error.code, error.message]).to.deep.equal([
      'OPTION_INVALID',
      'createNode: option connections.max (9) contradicts limits.connectionsMax (10)',
    ]);
    const node: MeshNode = await createNode({ ...QUIET, connections: { min: 1 }, limits: { connectionsMax: 10 } });
    expect(node.limits().connectionsMax).to.equal(10);
  });

  it('names every wrong option at once, by its path, and shows no secret', async () => {
    const error = (await outcome({ networkKey: 'my passphrase', listen: ['tcp://[::]:0', 7], connections: { max: 0 } })) as NetworkError;
    expect(error.message).to.equal(
      'createNode: option networkKey is a text of 13 characters; it must be 32 bytes, derived from a passphrase with scrypt, ' +
        'and option listen[1] is 7; it must be an Address, or a text of 0 to 4096 characters, ' +
        'and option connections.max is 0; it must be a whole number from 1 to 65536',
    );
  });

  it('does not change what it was given', async () => {
    const options = Object.freeze({
      ...QUIET,
      limits: Object.freeze({ hopsMax: 5 }),
      connections: Object.freeze({ max: 5 }),
      behaviors: Object.freeze([Plain]),
      listen: Object.freeze([]),
    });
    expect(await outcome(options)).to.equal('taken');
  });

  it('a router whose constructor throws, or that is no table, is refused', async () => {
    class Broken extends RouterTable {
      constructor() {
        super();
        throw new Error('bug');
      }
      pathToNode = () => ({ type: 'reject' }) as const;
      pathToKey = this.pathToNode;
      pathToService = this.pathToNode;
    }
    for (const router of [Broken, () => new DirectRouter()]) {
      const error = (await outcome({ ...QUIET, router })) as NetworkError;
      expect([error.code, error.message]).to.deep.equal([
        'OPTION_INVALID',
        'createNode: option router could not be built; the cause has it',
      ]);
      expect(error.cause).to.be.instanceOf(Error);
    }
  });
});
