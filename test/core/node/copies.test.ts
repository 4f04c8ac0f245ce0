/** @module Two copies of the package in one application (issue of duplicate installs): what one is given of the other is named plainly. */
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import * as own from '../../../index.js';
import type { DirectRouter } from '../../../routing/index.js';
import { SimulatedNetwork } from '../../../simulation.js';

/** What is not part of the package. */
const APART = ['test', 'bench', 'examples', 'cli', 'scripts', 'tools'];
const PLAIN = /from another copy of meshwright in this application; install meshwright once: `npm ls meshwright`/;

describe('kind 11: two copies of the package in one application', () => {
  let folder: string;
  let other: typeof own;
  let OtherRouter: typeof DirectRouter;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meshwright-copy-'));
    const [dist, copy] = [join(process.cwd(), 'dist'), join(folder, 'dist')];
    for (const part of readdirSync(dist)) if (!APART.includes(part)) cpSync(join(dist, part), join(copy, part), { recursive: true });
    cpSync(join(process.cwd(), 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
    other = (await import(pathToFileURL(join(copy, 'index.js')).href)) as typeof own;
    ({ DirectRouter: OtherRouter } = (await import(pathToFileURL(join(copy, 'routing', 'index.js')).href)) as {
      DirectRouter: typeof DirectRouter;
    });
  });
  after(() => rmSync(folder, { recursive: true }));

  it('are two: the classes of one are none of the other', () => {
    expect(other.NetworkBehavior).to.not.equal(own.NetworkBehavior);
  });

  it('a behaviour, its instance, a routing table and an identity are refused with what is the matter', async () => {
    class Foreign extends other.NetworkBehavior {
      static readonly behavior = { serviceId: 64, name: 'foreign' } as const;
    }
    const wrong: readonly (readonly [what: string, options: object, code: string])[] = [
      ['a class', { behaviors: [Foreign] }, 'BEHAVIOR_INVALID'],
      ['an instance', { behaviors: [new Foreign()] }, 'BEHAVIOR_INVALID'],
      ['a class with options', { behaviors: [[Foreign, {}]] }, 'BEHAVIOR_INVALID'],
      ['a router', { router: OtherRouter }, 'OPTION_INVALID'],
      ['an identity', { identity: other.Identity.generate() }, 'OPTION_INVALID'],
    ];
    for (const [what, options, code] of wrong) {
      const error = await own.createNode({ logger: 'silent', ...options }).catch((thrown: own.NetworkError) => thrown);
      expect((error as own.NetworkError).code, what).to.equal(code);
      expect((error as own.NetworkError).message, what).to.match(PLAIN);
    }
    expect(await own.createNode({ behaviors: [{} as never] }).catch(({ message }: Error) => message), 'what is no behaviour at all')
      .to.include('is no behaviour')
      .and.not.match(PLAIN);
  });

  it('so are the address of a dial and the handler of a connection', async () => {
    class Keeper extends own.NetworkBehavior {
      static readonly behavior = { serviceId: 64, name: 'keeper' } as const;
      override onConnected() {
        return new (class extends other.ConnectionHandler {})() as never;
      }
    }
    const net = new SimulatedNetwork({ seed: 1 });
    const [a, b] = [await net.createNode({ name: 'a', behaviors: [Keeper] }), await net.createNode({ name: 'b' })];
    await net.start(a, b);
    const error = await a.connect(other.parseAddress('sim://b') as never).catch((thrown: own.NetworkError) => thrown);
    expect((error as own.NetworkError).message).to.match(PLAIN);
    await a.connect('sim://b');
    expect(String(net.faults[0]?.cause)).to.match(PLAIN);
    await net.stop();
  });
});
