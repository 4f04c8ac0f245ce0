/**
 * @module Screens: what the dashboard draws, compared with a reference image beside the sources. `MESHWRIGHT_SCREENS=write` keeps the image as the
 * new reference. The mesh is simulated from a seed, so that ids, places and round trips are the same every time.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';
import { TelemetryBehavior } from '../../behaviours/index.js';
import { Mesh } from '../../cli/simulate/mesh.js';
import { type OperationServer, serveOperation } from '../../operation/index.js';
import { OverlayRouter } from '../../routing/index.js';
import { SimulatedNetwork, type SimulatedNode } from '../../simulation.js';
import type { Browser, Page } from '../browser.js';

/** In the sources: the compiled test is below `dist/`. */
const FOLDER = fileURLToPath(new URL('../../../test/operation/screens/', import.meta.url));
/** Fonts and lines differ a little from machine to machine. */
const DIFFERING_MAX = 0.02;

/** Each node of a large mesh dials so many, and is dialled by as many: with 10, greedy steps do not reach 118 of 2,000, with 12 they reach all. */
const LARGE_DIALS = 12;
/** Dials at once. */
const BATCH = 500;

const WAIT_MS = 60_000;

/** Waits until an expression is true in the page, while no virtual time passes. Its policy allows no polling by code of its own. */
export async function shown(page: Page, expression: string): Promise<void> {
  const signal = AbortSignal.timeout(WAIT_MS);
  while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) {
    if (signal.aborted) throw new Error(`the page does not come to: ${expression}; ${await page.textContent('.summary')}`);
    await page.evaluate('new Promise((done) => setTimeout(done, 50))');
  }
}

/** What a page draws that gets the whole mesh at once: the places of nodes do not depend on the order in which they were found. */
export async function drawn(browser: Browser, { server }: Screen, summary: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(server.dashboardUrl ?? '');
  await shown(page, `document.querySelector('.summary')?.textContent.startsWith(${JSON.stringify(summary)})`);
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  return page;
}

/** The share of pixels that differ from the reference, and whether that is too many. Without a reference there is nothing to compare with. */
export async function compared(page: Page, name: string): Promise<{ readonly share: number; readonly isSame: boolean }> {
  const data = await page.evaluate<string>(`document.querySelector('canvas.graph').toDataURL('image/png')`);
  const seen = PNG.sync.read(Buffer.from(data.slice(data.indexOf(',') + 1), 'base64'));
  const path = `${FOLDER}${name}.png`;
  if (process.env['MESHWRIGHT_SCREENS'] === 'write') {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(path, PNG.sync.write(seen));
  }
  if (!existsSync(path)) throw new Error(`there is no reference image ${name}`);
  const reference = PNG.sync.read(readFileSync(path));
  const { width, height } = reference;
  if (seen.width !== width || seen.height !== height) return { share: 1, isSame: false };
  const share = pixelmatch(reference.data, seen.data, undefined, width, height, { threshold: 0.2 }) / (width * height);
  return { share, isSame: share <= DIFFERING_MAX };
}

/** Which node dials which. */
type Dial = readonly [node: number, other: number];

function fewDials(count: number): Dial[] {
  const indices = Array.from({ length: count }, (_, index) => index);
  const far = indices.slice(2).map((node): Dial => [node, ((node - 2) * 7 + 3) % (node - 1)]);
  return [...indices.slice(1).map((node): Dial => [node, node - 1]), ...far];
}

function greedyDials({ nodes, random }: SimulatedNetwork): Dial[] {
  const ids = nodes.map(({ id }) => id);
  const mesh = new Mesh(ids, (below) => random.below(below));
  return ids.flatMap((_, node) => mesh.dials(node, LARGE_DIALS).map((other): Dial => [node, other]));
}

/** A simulated mesh with a dashboard at its first node. */
export class Screen {
  private constructor(
    readonly network: SimulatedNetwork,
    readonly nodes: readonly SimulatedNode[],
    readonly server: OperationServer,
  ) {}

  /** Every node dials the one before it, and one other; in a large mesh those over which greedy steps reach every node. */
  static async of(count: number, seed: number): Promise<Screen> {
    const network = new SimulatedNetwork({ seed, latencyMs: 10, jitterMs: 0 });
    const nodes: SimulatedNode[] = [];
    const behaviors = (name: string): [typeof TelemetryBehavior, object][] => [[TelemetryBehavior, { label: name }]];
    const builtins = ['handshake', ...(count > 300 ? [] : ['router-sync'])] as ('handshake' | 'router-sync')[];
    for (let index = 0; index < count; index++) {
      const name = `n${index}`;
      const router = count > 300 ? { router: OverlayRouter } : {};
      nodes.push(await network.createNode({ name, builtins, behaviors: behaviors(name), connections: { min: 0, max: 256 }, ...router }));
    }
    await network.start(...nodes);
    const dials = count > 300 ? greedyDials(network) : fewDials(count);
    for (let from = 0; from < dials.length; from += BATCH)
      await Promise.all(dials.slice(from, from + BATCH).map(([node, other]) => (nodes[node] as SimulatedNode).connect(`sim://n${other}`)));
    await network.run(5_000);
    return new Screen(network, nodes, await serveOperation(nodes[0] as SimulatedNode, { dashboard: true }));
  }

  /** Virtual time passes, and between its seconds the page gets what is new, until an expression is true in it. */
  async until(page: Page, expression: string, secondsMax = 120): Promise<number> {
    for (let second = 1; second <= secondsMax; second++) {
      await this.network.run(1_000);
      await page.evaluate('new Promise((done) => setTimeout(done, 100))');
      if (await page.evaluate<boolean>(`Boolean(${expression})`)) return second;
    }
    throw new Error(`after ${secondsMax} s of virtual time this is not so: ${expression}; ${await page.textContent('.summary')}`);
  }

  async end(): Promise<void> {
    await this.server.close();
    await this.network.stop();
  }
}
