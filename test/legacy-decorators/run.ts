/** @module Runs the example suite as a program of its own, for other compilers than the one that builds the tests. */
import { checkForms } from '../forms/suite.js';
import * as forms from './forms.js';

await checkForms(forms);
console.log('forms ok');
