/**
 * @module Player: the page that plays a recording back: play and pause, speed, time, the search for a node, hand-overs, and the list of lookups.
 */

import { Drawing } from '../../../operation/pages/picture/drawing.js';
import { Gestures } from '../../../operation/pages/picture/gestures.js';
import type { RecordedLookup, RecordedStep, RunEvent, RunRecording } from '../../../transports/simulated/trace/recording.js';
import { RunScene } from './run-scene.js';
import { RunState } from './run-state.js';
import { Traffic } from './traffic.js';

/** What the page has in it. */
interface Run {
  readonly title: string;
  readonly about: string;
  readonly recording: RunRecording;
}

type HandOver = Extract<RunEvent, readonly [number, 'link' | 'path', ...unknown[]]>;

const LISTED_MAX = 500;
const SHORT_DIGITS = 8;
/** Of the slider. */
const STEPS = 1_000;

class Player {
  readonly state: RunState;
  selected: number | undefined;
  lookup: RecordedLookup | undefined;
  private readonly drawing = new Drawing(element('ring'));
  private readonly scene: RunScene;
  private readonly traffic: Traffic;
  private shown = '';
  private isPlaying = false;
  private speed = 1;
  private frameMs = 0;

  constructor(readonly recording: RunRecording) {
    this.state = new RunState(recording);
    this.scene = new RunScene(this.state);
    this.traffic = new Traffic(element('traffic'), recording);
    this.drawing.overlay = (pen) => {
      for (const lookup of this.lookup === undefined ? this.state.running() : [this.lookup]) this.scene.drawLookup(pen, lookup);
    };
    this.listHandOvers();
    this.listLookups();
    this.listen();
    this.seek(recording.startMs);
  }

  nameOf(node: number): string {
    return this.recording.nodes[node]?.name ?? '';
  }

  private listen(): void {
    const slider = element<HTMLInputElement>('time');
    const speed = element<HTMLSelectElement>('speed');
    element('play').addEventListener('click', () => this.toggle());
    speed.addEventListener('change', () => {
      this.speed = Number(speed.value);
    });
    slider.addEventListener('input', () => this.seek(this.msOf(Number(slider.value) / STEPS)));
    element('search').addEventListener('submit', (event) => {
      event.preventDefault();
      this.search(element<HTMLInputElement>('wanted').value);
    });
    new Gestures(element('ring'), this.drawing, {
      choose: (node) => this.select(node),
      step: (direction) =>
        this.select(((this.selected ?? -direction) + direction + this.recording.nodes.length) % this.recording.nodes.length),
      labelOf: (node) => this.nameOf(node),
    });
    new ResizeObserver(() => this.draw()).observe(element('stage'));
    globalThis.addEventListener('keydown', (event) => {
      if (event.key !== ' ' || (event.target !== document.body && event.target !== element('ring'))) return;
      event.preventDefault();
      this.toggle();
    });
  }

  /** From the beginning again when it has ended. */
  private toggle(): void {
    this.isPlaying = !this.isPlaying;
    element('play').textContent = this.isPlaying ? 'Pause' : 'Play';
    if (!this.isPlaying) return;
    if (this.state.nowMs >= this.recording.endMs) this.seek(this.recording.startMs);
    this.frameMs = performance.now();
    requestAnimationFrame((nowMs) => this.frame(nowMs));
  }

  private frame(nowMs: number): void {
    if (!this.isPlaying) return;
    const passedMs = Math.max(0, nowMs - this.frameMs) * this.speed;
    this.frameMs = Math.max(nowMs, this.frameMs);
    this.seek(this.state.nowMs + passedMs);
    if (this.state.nowMs >= this.recording.endMs) this.toggle();
    else requestAnimationFrame((later) => this.frame(later));
  }

  private seek(toMs: number): void {
    const { state } = this;
    state.seek(toMs);
    element('clock').textContent = this.secondsOf(state.nowMs);
    element<HTMLInputElement>('time').value = String(Math.round(this.shareOf(state.nowMs) * STEPS));
    element('time').setAttribute('aria-valuetext', this.secondsOf(state.nowMs));
    const sample = state.sample();
    const traffic = sample === undefined ? '' : `, ${sample.bytes} bytes in this second`;
    element('counts').textContent = `${state.upCount} nodes, ${linksText(state)}${traffic}`;
    const banner = element('banner');
    banner.hidden = state.groups.length === 0;
    if (!banner.hidden) banner.textContent = `partitioned: ${state.groups.map((group) => group.length).join(' and ')} nodes`;
    this.showNode();
    this.draw();
  }

  private draw(): void {
    const wanted = `${this.state.phase} ${this.selected}`;
    if (wanted !== this.shown) this.drawing.show(this.scene.scene(this.selected));
    else this.drawing.request();
    this.shown = wanted;
    this.traffic.draw(this.shareOf(this.state.nowMs));
  }

  private search(text: string): void {
    const found = this.state.find(text);
    element('wanted').setAttribute('aria-invalid', String(found === undefined));
    this.select(found);
  }

  private select(node: number | undefined): void {
    this.selected = node;
    this.showNode();
    this.draw();
  }

  private showNode(): void {
    const { selected: node, state } = this;
    const recorded = node === undefined ? undefined : this.recording.nodes[node];
    if (node === undefined || recorded === undefined) return fill('node', []);
    const own = [...state.links.values()].filter(({ from, to }) => from === node || to === node);
    const relayed = own.filter(({ isRelayed }) => isRelayed).length;
    const facts: readonly (readonly [string, string])[] = [
      ['name', recorded.name],
      ['id', recorded.id],
      ['state', state.isUp[node] === true ? 'runs' : Number.isFinite(state.crashedMs[node]) ? 'crashed' : 'not started'],
      ['links', relayed === 0 ? String(own.length) : `${own.length}, ${relayed} of them relayed`],
    ];
    fill(
      'node',
      facts.flatMap(([term, text]) => [made('dt', term), made('dd', text)]),
    );
  }

  private listHandOvers(): void {
    const all = this.recording.events.filter((event): event is HandOver => event[1] === 'path');
    element('hand-overs-title').hidden = all.length === 0;
    const items = all.slice(0, LISTED_MAX).map(([atMs, , from, to, path]) => {
      const button = made('button', `${this.secondsOf(atMs)}: ${this.nameOf(from)} – ${this.nameOf(to)}, ${path} now`);
      button.addEventListener('click', () => {
        this.select(from);
        this.seek(atMs);
      });
      return inItem(button);
    });
    fill('hand-overs', [...items, ...restOf(all.length)]);
  }

  private listLookups(): void {
    const { lookups } = this.recording;
    element('lookups-title').hidden = lookups.length === 0;
    const items = lookups.slice(0, LISTED_MAX).map((lookup) => {
      const text = `${this.secondsOf(lookup.atMs)}: ${this.nameOf(lookup.node)} → ${lookup.key.slice(0, SHORT_DIGITS)}, ${lookup.end}`;
      const button = made('button', text);
      button.className = lookup.end === 'done' ? '' : 'failed';
      button.addEventListener('click', () => this.follow(lookup, button));
      return inItem(button);
    });
    fill('lookups', [...items, ...restOf(lookups.length)]);
  }

  /** Time goes to the beginning of the lookup, whose steps are shown; a second click ends that. */
  private follow(lookup: RecordedLookup, button: HTMLElement): void {
    for (const other of document.querySelectorAll('#lookups [aria-current]')) other.removeAttribute('aria-current');
    this.lookup = this.lookup === lookup ? undefined : lookup;
    element('steps-title').hidden = this.lookup === undefined;
    fill('steps', this.lookup === undefined ? [] : lookup.steps.map((step) => this.stepItem(step)));
    if (this.lookup === undefined) return this.draw();
    button.setAttribute('aria-current', 'true');
    this.seek(lookup.atMs);
  }

  private stepItem({ node, via, askedMs, tookMs, outcome }: RecordedStep): HTMLElement {
    const over = via.length === 0 ? '' : ` over ${via.map((relay) => this.nameOf(relay)).join(', ')}`;
    const item = made('li', `${askedMs.toFixed(0)} ms: ${this.nameOf(node)}${over}: ${outcome} after ${tookMs.toFixed(0)} ms`);
    item.className = outcome === 'answered' ? 'answered' : 'failed';
    return item;
  }

  private secondsOf(atMs: number): string {
    return `${((atMs - this.recording.startMs) / 1_000).toFixed(1)} s`;
  }

  private shareOf(atMs: number): number {
    const { startMs, endMs } = this.recording;
    return endMs > startMs ? (atMs - startMs) / (endMs - startMs) : 0;
  }

  private msOf(share: number): number {
    const { startMs, endMs } = this.recording;
    return startMs + share * (endMs - startMs);
  }
}

function linksText({ links }: RunState): string {
  const relayed = [...links.values()].filter(({ isRelayed }) => isRelayed).length;
  return relayed === 0 ? `${links.size} links` : `${links.size} links (${relayed} relayed)`;
}

function restOf(count: number): HTMLElement[] {
  return count > LISTED_MAX ? [made('li', `and ${count - LISTED_MAX} more`)] : [];
}

function inItem(button: HTMLElement): HTMLElement {
  const item = made('li', '');
  item.append(button);
  return item;
}

function element<T extends HTMLElement = HTMLCanvasElement>(id: string): T {
  return document.getElementById(id) as T;
}

function made(name: string, text: string): HTMLElement {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}

function fill(id: string, children: readonly HTMLElement[]): void {
  element(id).replaceChildren(...children);
}

const { title, about, recording } = JSON.parse(element('run').textContent ?? '') as Run;
for (const id of ['title', 'name']) element(id).textContent = title;
element('about').textContent = recording.missingCount > 0 ? `${about}; ${recording.missingCount} events are missing` : about;
Object.assign(globalThis, { player: new Player(recording) });
