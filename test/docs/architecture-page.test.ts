/** @module The files on docs/architecture.md exist, and no direction of a path passes one twice (issue 9). */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { NODE_FOLDERS } from '../architecture/graph-rules.js';
import { readSources } from '../architecture/source.js';
import { type Page, ROOT, readPages } from './pages.js';

/** `code` that names a file or a folder of the project. */
const PATH = /`([\w.-]+(?:\/[\w.-]+)*(?:\/|\.(?:ts|md|mjs)))`/g;

const pathsOf = (text: string) => [...text.matchAll(PATH)].map(([, path = '']) => path);

function isThere(path: string): boolean {
  const place = join(ROOT, path);
  return existsSync(place) && statSync(place).isDirectory() === path.endsWith('/');
}

/** The files of each direction, in order: the first column of the table below its heading. */
function directionsOf({ text }: Page): (readonly [title: string, files: readonly string[]])[] {
  const [, ...sections] = (/^## Follow one message[^\n]*\n([\s\S]*?)^## /m.exec(text)?.[1] ?? '').split(/^### /m);
  return sections.map((section) => {
    const rows = [...section.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell);
    return [section.slice(0, section.indexOf('\n')), rows.flatMap(pathsOf)] as const;
  });
}

describe('docs/architecture.md', () => {
  const page = readPages().find(({ path }) => path === 'docs/architecture.md') as Page;

  it('names files and folders that exist', () => {
    const paths = pathsOf(page.text);
    expect(paths.length).to.be.above(100);
    expect(paths.filter((path) => !isThere(path))).to.deep.equal([]);
  });

  it('names the folders in which node: is imported, and all transports', () => {
    const [sentence = ''] = /`node:` modules are imported[^.]*only in [\s\S]*?what is not part of the package/.exec(page.text) ?? [];
    expect(pathsOf(sentence)).to.deep.equal(NODE_FOLDERS);
    const sources = readSources(ROOT);
    const imports = sources.flatMap(({ path, imports }) => imports.map(({ specifier }) => `${path} imports ${specifier}`));
    for (const folder of NODE_FOLDERS)
      expect(
        imports.some((one) => one.startsWith(folder) && one.includes(' imports node:')),
        folder,
      ).to.equal(true);
    for (const transport of ['TCP', 'UDP', 'WebSocket', 'memory', 'simulated'])
      expect(/^\| `transports\/` \|.*$/m.exec(page.text)?.[0]).to.include(transport);
  });

  it('follows a message, a call, a byte stream, a gossip record and a route update, each direction without a file twice', () => {
    const directions = directionsOf(page);
    expect(directions.map(([title]) => title)).to.deep.equal([
      ...['A message, down', 'A message, up'],
      ...['A call: the request, down', 'A call: the request, up', 'A call: the answer, down', 'A call: the answer, up'],
      ...['A byte stream, down', 'A byte stream, up'],
      ...['A proxied connection, down', 'A proxied connection, up'],
      ...['A published message, down', 'A published message, up'],
      ...['A gossip record, up', 'A gossip record, down', 'A route update, up', 'A route update, down'],
    ]);
    for (const [title, files] of directions) {
      expect(files.length, title).to.be.above(4);
      expect(files, title).to.deep.equal([...new Set(files)]);
    }
  });
});
