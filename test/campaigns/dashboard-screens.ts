/**
 * @module Campaign: the dashboard of 2,000 simulated nodes: the screen beside its reference, what a second of changes costs the page's
 * main thread, how soon a page has a picture, and how many frames a second it draws while it is moved. Run it with `node dist/test/campaigns/dashboard-screens.js [nodes] [seconds]`; with `MESHWRIGHT_SCREENS=write` it makes the reference anew.
 */
import { launchBrowser } from '../browser.js';
import { compared, drawn, Screen } from '../operation/screens.js';

const [count = 2_000, seconds = 20] = process.argv.slice(2).map(Number);
const TASK_MS_MAX = 100;

const browser = await launchBrowser();
if (typeof browser === 'string') {
  console.log(`skipped: ${browser}`);
  process.exit(0);
}
const screen = await Screen.of(count, 16);
console.log(`${count} nodes are simulated, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page.goto(screen.server.dashboardUrl ?? '');
const found = await screen.until(page, `document.querySelector('.summary').textContent.startsWith('${count} nodes: ${count} alive')`, 60);
console.log(`all of them are alive on the page after ${found} s of virtual time`);
const profile = await page.context().newCDPSession(page);
await profile.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' });
await profile.send('Performance.enable');
/** Milliseconds of CPU for which the page's main thread has worked: other programs of the machine do not count. */
const workMs = async () => {
  const { metrics } = await profile.send('Performance.getMetrics');
  return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
};
const costs: number[] = [];
for (let second = 0; second < seconds; second++) {
  const before = await workMs();
  await screen.network.run(1_000);
  await page.evaluate('new Promise((done) => setTimeout(done, 1000))');
  costs.push((await workMs()) - before);
}
costs.sort((a, b) => a - b);
const [median, greatest] = [costs[Math.floor(costs.length / 2)] ?? 0, costs.at(-1) ?? 0];
console.log(`the changes of a second: median ${median.toFixed(1)} ms, greatest ${greatest.toFixed(1)} ms of the page's main thread`);
const beganMs = performance.now();
const second = await drawn(browser, screen, `${count} nodes: ${count} alive`);
console.log(`a page has its picture ${Math.round(performance.now() - beganMs)} ms after it was opened`);
const { share, isSame } = await compared(second, `nodes-${count}`);
console.log(`${(100 * share).toFixed(2)} % of the pixels differ from the reference`);
/** Keys move the picture with every frame, for three seconds. */
const frames = (keys: string) =>
  second.evaluate<number>(`new Promise((done) => {
    const canvas = document.querySelector('canvas.graph');
    const beganMs = performance.now();
    let count = 0;
    const frame = () => {
      const key = '${keys}'.split(' ')[count++ % 2];
      canvas.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      if (performance.now() - beganMs < 3000) requestAnimationFrame(frame);
      else done(count / 3);
    };
    requestAnimationFrame(frame);
  })`);
console.log(
  `${(await frames('ArrowLeft ArrowRight')).toFixed(0)} frames a second while it moves, ${(await frames('+ -')).toFixed(0)} while it zooms`,
);
await browser.close();
await screen.end();
process.exit(isSame && greatest < TASK_MS_MAX ? 0 : 1);
