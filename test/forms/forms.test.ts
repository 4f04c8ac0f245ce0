/** @module The example suite in the forms that this project's own compiler handles; `tools/` runs it under others, on the packed package. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as api from '../../index.js';
import * as standard from './standard.js';
import { checkForms, type Forms, PREFIX } from './suite.js';

describe('the example suite of behaviours passes (USERS 8)', () => {
  it('with standard decorators, compiled by tsc', () => checkForms(standard));

  it('in plain JavaScript, without decorators', async () => {
    const path = pathToFileURL(join(process.cwd(), 'test/forms/plain.mjs')).href;
    const { plainForms } = (await import(path)) as { plainForms(api: object): Forms };
    await checkForms(plainForms({ ...api, PREFIX }));
  });
});
