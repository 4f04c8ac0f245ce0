/**
 * @module Campaign: the dashboard of 2,000 simulated nodes: the screen beside its reference, and what a second of changes costs the page's
 * main thread. Run it with `node dist/test/campaigns/dashboard-screens.js [nodes] [seconds]`; with `MESHWRIGHT_SCREENS=write` it makes the reference anew.
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
const found = await screen.until(page, `document.querySelector('.summary').textContent.startsWith('${count} nodes: ${count} alive')`, 300);
console.log(`all of them are alive on the page after ${found} s of virtual time`);
const profile = await page.context().newCDPSession(page);
await profile.send('Performance.enable');
/** Milliseconds for which the page's main thread has worked. */
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
const second = await drawn(browser, screen, `${count} nodes: ${count} alive`);
const { share, isSame } = await compared(second, `nodes-${count}`);
console.log(`${(100 * share).toFixed(2)} % of the pixels differ from the reference`);
await browser.close();
await screen.end();
process.exit(isSame && greatest < TASK_MS_MAX ? 0 : 1);
