/**
 * @module Address: where a node can be reached, written as a URL: `tcp://[nodeid@]host:port[/name]`. An `Address` is checked,
 * immutable and in normal form. Parsing is linear in the text's length (SECURITY.md row 86).
 */
import { NetworkError } from './errors.js';
import type { NodeId } from './node-id.js';
