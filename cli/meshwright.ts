#!/usr/bin/env node
/** @module The program `meshwright`: the table of commands in `program/table.ts`, with the process around it. */
import { runProgram } from './program/program.js';

// The reader of the output may close it, as `head` does.
process.stdout.on('error', () => {});
process.exitCode = await runProgram(process.argv.slice(2), { out: process.stdout, err: process.stderr });
