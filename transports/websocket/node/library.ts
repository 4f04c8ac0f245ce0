/**
 * @module Library: `ws`, loaded by the first listener or dial that needs it: an application that uses no WebSocket does not load it, and a bundle of
 * one runs without it. It is CommonJS, which an ES module in one file could not hold beside Node's own modules.
 */
import { createRequire } from 'node:module';
import type * as Library from 'ws';

declare const __filename: string | undefined;
let loaded: typeof Library | undefined;

/** Throws what `require` throws where the package is not installed. */
export function library(): typeof Library {
  // In a bundle of the form CommonJS there is no `import.meta.url`.
  loaded ??= createRequire(typeof __filename === 'string' ? __filename : import.meta.url)('ws') as typeof Library;
  return loaded;
}
