/** @module Swc: compiles one program with swc, in the dialect that is named, and runs it. */
import { readdirSync, writeFileSync } from 'node:fs';
import { transformFileSync } from '@swc/core';

const [entry, dialect] = process.argv.slice(2);
const transform = dialect === 'legacy' ? { legacyDecorator: true } : { decoratorVersion: '2022-03' };
const jsc = { target: 'es2022', parser: { syntax: 'typescript', decorators: true }, transform };
for (const name of readdirSync('.').filter((name) => name.endsWith('.ts')))
  writeFileSync(name.replace('.ts', '.js'), transformFileSync(name, { jsc, module: { type: 'es6' } }).code);
await import(new URL(entry, `file://${process.cwd()}/`).href);
