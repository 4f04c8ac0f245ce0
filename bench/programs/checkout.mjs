/**
 * @module Checkout: loads modules of the built Meshwright that this process measures.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = process.env.BENCH_CHECKOUT ?? join(import.meta.dirname, '../..');

/** `path` is relative to the built files. */
export const load = (path) => import(pathToFileURL(join(folder, 'dist', path)).href);
