/** @module Runs the example suite as a program of its own, for other compilers than the one that builds the tests. */
import * as forms from './standard.js';
import { checkForms } from './suite.js';

await checkForms(forms);
console.log('forms ok');
