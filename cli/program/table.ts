/** @module Table: every command of the program, in the order of its help. */
import { bench } from './bench.js';
import { call } from './call.js';
import { demo } from './demo.js';
import { doctor } from './doctor.js';
import { explain } from './explain.js';
import { id, keygen } from './keys.js';
import { ping } from './ping.js';
import type { CommandRow } from './row.js';
import { run } from './run.js';
import { simulate } from './simulate.js';
import { stop } from './stop.js';
import { top } from './top.js';

export const TABLE: readonly CommandRow[] = [demo, keygen, id, run, ping, call, explain, top, doctor, stop, simulate, bench];
