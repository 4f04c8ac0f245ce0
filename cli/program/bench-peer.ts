/** @module BenchPeer: the other process of `bench`: a node that answers, until its parent is gone. */
import { createNode } from '../../index.js';
import { BenchEcho } from './bench-echo.js';

const node = await createNode({ listen: ['tcp://127.0.0.1:0'], behaviors: [BenchEcho], logger: 'silent' });
process.on('disconnect', () => void node.stop());
// A terminal signals every process of the group; the parent alone handles it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
await node.start();
process.send?.(String(node.addresses[0]));
