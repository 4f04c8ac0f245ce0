/** @module The tables of docs/node.md have every option, member and event of a node, and nothing else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from './pages.js';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** The names in the first column of the table below a heading, without their arguments. */
function rowsOf(heading: string): string[] {
  const [, section = ''] = read('docs/node.md').split(`\n## ${heading}\n`);
  const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| (`.*?`) \|/gm)].map(([, cell = '']) => cell);
  return rows.flatMap((cell) => [...cell.matchAll(/`([\w-]+)/g)].map(([, name = '']) => name)).sort();
}

/** The body of an interface or a class, as far as the first brace at the beginning of a line. */
function bodyOf(path: string, start: string): string {
  return read(path).split(`\n${start}`)[1]?.split('\n}')[0] ?? '';
}

const namesIn = (body: string, pattern: RegExp) => [...new Set([...body.matchAll(pattern)].map(([, name = '']) => name))].sort();

describe('docs/node.md', () => {
  it('has every option of createNode', () => {
    const options = namesIn(bodyOf('core/node/node-options.ts', 'export interface NodeOptions {'), /^ {2}readonly (\w+)\??:/gm);
    expect(options.length).to.be.above(20);
    expect(rowsOf('Options')).to.deep.equal(options);
  });

  it('has every member of a node', () => {
    const body = bodyOf('core/node/node.ts', 'export class MeshNode ');
    const members = namesIn(body, /^ {2}(?:async |get )?(?!constructor|private|async|get )(\w+)(?:<.*>)?\(/gm);
    expect(members.length).to.be.above(25);
    expect(rowsOf('Members of a node')).to.deep.equal(members);
  });

  it('has every event of a node', () => {
    const events = namesIn(bodyOf('core/api/events.ts', 'export interface NodeEvents {'), /^ {2}(?:readonly )?'?([\w-]+)'?:/gm);
    expect(events.length).to.be.above(9);
    expect(rowsOf('Events')).to.deep.equal(events);
  });
});
