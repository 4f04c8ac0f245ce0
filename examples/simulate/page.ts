/**
 * @module Page: a run as one HTML file that plays it back, and needs nothing else: the player, its style and the recording are in it.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunRecording } from '../../simulation.js';
import type { Statistics } from './statistics.js';

/** The player is no part of the build: it runs in a browser as it is. */
const PLAYER = fileURLToPath(new URL('../../../examples/simulate/player/', import.meta.url));

export function pageOf(statistics: Statistics, recording: RunRecording): string {
  const read = (name: string) => readFileSync(PLAYER + name, 'utf8');
  const script = ['state.js', 'picture.js', 'player.js'].map((name) => asOne(read(name))).join('\n');
  // Text of others, such as a seed, must not end the element.
  const data = JSON.stringify({ statistics, recording }).replaceAll('<', '\\u003c');
  return read('page.html')
    .replace('/* style */', () => read('style.css'))
    .replace(
      '<!-- scripts -->',
      () => `<script type="application/json" id="run">${data}</script>\n<script type="module">\n${script}</script>`,
    );
}

/** The text of a module in one file with those that it imports. */
function asOne(text: string): string {
  return text.replaceAll(/^import .*\n/gm, '').replaceAll(/^export /gm, '');
}
