/** @module Forms: the example suite under vitest, with decorators. */
import { test } from 'vitest';
import * as forms from './legacy-forms.js';
import { checkForms } from './suite.js';

test('forms', () => checkForms(forms));
