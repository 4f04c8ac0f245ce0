/**
 * @module Files of the page: what a browser loads of a dashboard, each read once.
 */
import { readFileSync } from 'node:fs';

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

const FILES: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
};
const loaded = new Map<string, PageFile>();

/** The file of a path, if it is one of the page. */
export function pageFile(path: string): PageFile | undefined {
  if (!Object.hasOwn(FILES, path)) return undefined;
  const known = loaded.get(path);
  if (known !== undefined) return known;
  const [name, type] = FILES[path] as readonly [string, string];
  const file = { type, bytes: readFileSync(new URL(`../pages/dashboard/${name}`, import.meta.url)) };
  loaded.set(path, file);
  return file;
}
