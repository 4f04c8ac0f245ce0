/**
 * @module BuildPage: bundles the pages into dist: the dashboard as one script, one style sheet and one document, and the replay of a
 * simulation as one document with all of it inside. Neither loads anything from elsewhere.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = join(ROOT, 'operation/pages');
const PLAYER = join(ROOT, 'cli/simulate/player');
const OUTPUT = join(ROOT, 'dist/operation/pages/dashboard');
const REPLAY = join(ROOT, 'dist/cli/simulate/replay.html');

const textOf = (...path) => readFileSync(join(...path), 'utf8');
const theme = textOf(SOURCE, 'picture/theme.css');

/** The script of a page with all that it imports. */
async function bundled(...input) {
  const { output } = await build({
    input: join(...input),
    tsconfig: join(SOURCE, 'tsconfig.json'),
    platform: 'browser',
    logLevel: 'warn',
    write: false,
    output: { format: 'esm', minify: true },
  });
  return output[0].code;
}

rmSync(OUTPUT, { recursive: true, force: true });
for (const folder of [OUTPUT, dirname(REPLAY)]) mkdirSync(folder, { recursive: true });
const plot = textOf(ROOT, 'node_modules/uplot/dist/uPlot.min.css');
writeFileSync(join(OUTPUT, 'app.js'), await bundled(SOURCE, 'dashboard/app.tsx'));
writeFileSync(join(OUTPUT, 'style.css'), [plot, theme, textOf(SOURCE, 'dashboard/style.css')].join('\n'));
for (const name of ['index.html', 'icon.svg']) copyFileSync(join(SOURCE, 'dashboard', name), join(OUTPUT, name));

const script = await bundled(PLAYER, 'player.ts');
const replay = textOf(PLAYER, 'page.html')
  .replace('/* style */', () => theme + textOf(PLAYER, 'style.css'))
  .replace('/* script */', () => script.replaceAll('</script', '<\\/script'));
writeFileSync(REPLAY, replay);
