/**
 * @module BuildPage: bundles the page of the dashboard into dist/operation/dashboard/page: one script with everything that it needs, one
 * style sheet, one document. The page loads nothing from elsewhere.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = join(ROOT, 'operation/dashboard/page');
const OUTPUT = join(ROOT, 'dist/operation/dashboard/page');

mkdirSync(OUTPUT, { recursive: true });
await build({
  input: join(SOURCE, 'app.tsx'),
  tsconfig: join(SOURCE, 'tsconfig.json'),
  platform: 'browser',
  logLevel: 'warn',
  output: { file: join(OUTPUT, 'app.js'), format: 'esm', minify: true },
});
const styles = [join(ROOT, 'node_modules/uplot/dist/uPlot.min.css'), join(SOURCE, 'style.css')];
writeFileSync(join(OUTPUT, 'style.css'), styles.map((path) => readFileSync(path, 'utf8')).join('\n'));
for (const name of ['index.html', 'icon.svg']) copyFileSync(join(SOURCE, name), join(OUTPUT, name));
