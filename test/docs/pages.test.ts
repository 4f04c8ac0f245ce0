/** @module What the pages say as a whole: made ones are current, links lead somewhere, names are all there, and spelling is one. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { BEHAVIOR_HOOKS } from '../../core/api/descriptor.js';
import { CoreMetrics } from '../../core/engine/core-metrics.js';
import { LIMITS } from '../../core/limits.js';
import { foreignNames } from '../architecture/text-rules.js';
import { type Page, proseOf, ROOT, readPages } from './pages.js';

interface MakeDocs {
  pages(dist: URL): Promise<Readonly<Record<string, string>>>;
  readonly SEND_RESULTS: object;
  readonly DROP_CAUSES: object;
}

/** Their words are those of the sources, which other tests look at. */
/** The page for those who know one of the designs that this one takes up. */
const ORIGINALS = 'docs/originals.md';
const MADE = /^docs\/(errors|limits|api)\.md$/;

describe('README and docs', () => {
  const pages = readPages();
  const all = pages.map(({ text }) => text).join('\n');
  let made: MakeDocs;
  before(async () => {
    made = (await import(pathToFileURL(join(ROOT, 'scripts/make-docs.mjs')).href)) as MakeDocs;
  });

  it('docs/errors.md and docs/limits.md are made from the tables of now (else run scripts/make-docs.mjs)', async () => {
    const { 'docs/api.md': _api, ...expected } = await made.pages(new URL('../../', import.meta.url));
    for (const [path, text] of Object.entries(expected)) expect(readFileSync(join(ROOT, path), 'utf8'), path).to.equal(text);
  });

  it('docs/limits.md has a unit behind every amount', async () => {
    const text = (await made.pages(new URL('../../', import.meta.url)))['docs/limits.md'] ?? '';
    expect(text.match(/undefined/g)).to.equal(null);
    for (const [name, { unit }] of Object.entries(LIMITS))
      if (unit.startsWith('per ')) expect(text.split('\n').find((line) => line.includes(`\`${name}\``))).to.include(unit);
  });

  it('docs/errors.md has a word on every cause of a drop', () => {
    expect(Object.keys(made.DROP_CAUSES).sort()).to.deep.equal(Object.keys(new CoreMetrics().dropped).sort());
  });

  it('link to pages and headings that exist', () => {
    expect(pages.flatMap(brokenLinks)).to.deep.equal([]);
  });

  it('spell behaviour in prose, and leave nothing open', () => {
    for (const page of pages.filter(({ path }) => !MADE.test(path))) {
      expect(proseOf(page), page.path).not.to.match(/behavior/i);
      expect(proseOf(page), page.path).not.to.match(/\b(TO|FIX)(DO|ME)\b/);
    }
  });

  it('name no requirement and no other project', () => {
    const read = pages.filter(({ path }) => path !== 'CHANGELOG.md' && path !== ORIGINALS);
    expect(read.flatMap(({ path, text }) => foreignNames(path, text))).to.deep.equal([]);
  });

  it('docs/originals.md has a section for each of the five designs, and names no requirement', () => {
    const { text = '' } = pages.find(({ path }) => path === ORIGINALS) ?? {};
    expect(text.match(/^## .*$/gm)).to.have.lengthOf(5);
    expect(text).not.to.match(/\b(INET|DNDM|ATM|SPL|TH|H)-\d/);
  });

  it('docs/api.md has the exports of now, and says what each is (else run scripts/make-docs.mjs)', async () => {
    const api = pages.find(({ path }) => path === 'docs/api.md')?.text ?? '';
    const rows = (text = '') => text.match(/^(## .*|\| `\w+` \| \w+)/gm);
    expect(rows(api)).to.deep.equal(rows((await made.pages(new URL('../../', import.meta.url)))['docs/api.md']));
    const values = await exportedValues();
    expect(values.filter((name) => !api.includes(`| \`${name}\` |`))).to.deep.equal([]);
    expect(
      api.match(/^\| `\w+` \|.*\| *\|$/gm),
      'rows without a description: comment the export, or add it to scripts/export-descriptions.mjs',
    ).to.equal(null);
  });

  it('name every hook, option, member of a node and agent, and event', () => {
    const members = [
      ...membersOf('core/api/connection-handler.ts'),
      ...membersOf('core/node/node-options.ts', 'NodeOptions'),
      ...membersOf('core/api/agent.ts'),
      ...membersOf('core/api/events.ts', 'NodeEvents'),
      ...membersOf('core/api/events.ts', 'Connection'),
      ...membersOf('core/api/rpc.ts'),
      ...membersOf('core/api/ports.ts', 'BehaviorPorts'),
      ...membersOf('core/api/router-table.ts', 'LinkMetric'),
      ...membersOf('behaviours/rpc/options.ts', 'RpcOptions'),
      ...membersOf('behaviours/peering/options.ts', 'PeeringOptions'),
      ...membersOf('transports/simulated/simulation.ts', 'SimulationOptions'),
    ];
    const names = new Set([...BEHAVIOR_HOOKS, ...members]);
    expect(names.size).to.be.above(90);
    expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(all))).to.deep.equal([]);
  });
});

/** What the doors export, types apart. */
async function exportedValues(): Promise<string[]> {
  const doors = [
    'index',
    'behaviours/index',
    'routing/index',
    'transports/index',
    'simulation',
    'switch',
    'testing/index',
    'operation/index',
  ];
  const modules = await Promise.all(doors.map((path) => import(new URL(`../../${path}.js`, import.meta.url).href)));
  return modules.flatMap((module: object) => Object.keys(module));
}

/** Names of the members of a file's interfaces and classes, or of one of them. */
function membersOf(path: string, name?: string): string[] {
  const source = readFileSync(join(ROOT, path), 'utf8');
  const start = name === undefined ? 0 : source.search(new RegExp(`^export interface ${name}\\b`, 'm'));
  const body = name === undefined ? source : source.slice(start, source.indexOf('\n}', start));
  const members = [...body.matchAll(/^ {2}(?:readonly )?(?:'([a-z-]+)'|([a-zA-Z]+))(?:<.*>)?(?:\(|\??:)/gm)];
  return members.map(([, quoted, plain]) => (quoted ?? plain) as string).filter((member) => member !== 'constructor');
}

/** Links within the project that lead nowhere. */
function brokenLinks({ path, text }: Page): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !target.startsWith('http') && !leads(path, target)).map((target) => `${path}: ${target}`);
}

function leads(path: string, target: string): boolean {
  const [file = '', heading] = target.split('#');
  const place = file === '' ? path : join(dirname(path), file);
  if (!existsSync(join(ROOT, place))) return false;
  if (heading === undefined) return true;
  const headings = [...readFileSync(join(ROOT, place), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title));
  return headings.includes(heading);
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');
}
