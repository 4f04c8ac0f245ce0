/**
 * Player: the controls of the page: play and pause, speed, time, the search for a node, and the list of lookups.
 */
import { color, Picture } from './picture.js';
import { RunState } from './state.js';

const LOOKUPS_LISTED_MAX = 500;
const SHORT_DIGITS = 8;

class Player {
  constructor({ recording, statistics }) {
    this.recording = recording;
    this.state = new RunState(recording);
    this.picture = new Picture(element('ring'), this.state);
    this.isPlaying = false;
    this.speed = 1;
    this.selected = undefined;
    this.lookup = undefined;
    this.frameMs = 0;
    this.describe(statistics);
    this.listLookups();
    this.listen();
    this.fit();
    this.seek(recording.startMs);
  }

  describe({ settings, crypto, lookups, nodes, linkEnds }) {
    element('title').textContent = `${settings.nodes} nodes, profile ${settings.profile}`;
    const cost = crypto === 'simulated' ? 'simulated crypto (cheap, protects nothing)' : `crypto: ${crypto}`;
    const missing = this.recording.missingCount > 0 ? `; ${this.recording.missingCount} events are missing` : '';
    element('about').textContent =
      `seed ${settings.seed}; ${cost}; at the end ${nodes} nodes and ${linkEnds} link ends; ${lookups.found} of ${lookups.count} lookups found${missing}`;
  }

  listen() {
    element('play').addEventListener('click', () => this.toggle());
    element('speed').addEventListener('change', ({ target }) => {
      this.speed = Number(target.value);
    });
    element('time').addEventListener('input', ({ target }) => this.seek(this.msOf(Number(target.value) / 1_000)));
    element('search').addEventListener('submit', (event) => {
      event.preventDefault();
      this.search(element('wanted').value);
    });
    element('ring').addEventListener('click', ({ clientX, clientY }) => this.select(this.picture.nodeAt(clientX, clientY)));
    globalThis.addEventListener('resize', () => this.fit());
    globalThis.addEventListener('keydown', (event) => {
      if (event.key !== ' ' || event.target !== document.body) return;
      event.preventDefault();
      this.toggle();
    });
  }

  /** From the beginning again when it has ended. */
  toggle() {
    this.isPlaying = !this.isPlaying;
    element('play').textContent = this.isPlaying ? 'Pause' : 'Play';
    if (!this.isPlaying) return;
    if (this.state.nowMs >= this.recording.endMs) this.seek(this.recording.startMs);
    this.frameMs = performance.now();
    requestAnimationFrame((nowMs) => this.frame(nowMs));
  }

  frame(nowMs) {
    if (!this.isPlaying) return;
    const passedMs = Math.max(0, nowMs - this.frameMs) * this.speed;
    this.frameMs = Math.max(nowMs, this.frameMs);
    this.seek(this.state.nowMs + passedMs);
    if (this.state.nowMs >= this.recording.endMs) this.toggle();
    else requestAnimationFrame((later) => this.frame(later));
  }

  seek(toMs) {
    const { state, recording } = this;
    state.seek(toMs);
    element('clock').textContent = `${((state.nowMs - recording.startMs) / 1_000).toFixed(1)} s`;
    element('time').value = String(Math.round(this.shareOf(state.nowMs) * 1_000));
    const sample = state.sample();
    const traffic = sample === undefined ? '' : `, ${sample.bytes} bytes in this second`;
    element('counts').textContent = `${state.upCount} nodes, ${state.links.size} links${traffic}`;
    const banner = element('banner');
    banner.hidden = state.groups.length === 0;
    if (!banner.hidden) banner.textContent = `partitioned: ${state.groups.map((group) => group.length).join(' and ')} nodes`;
    this.showNode();
    this.draw();
  }

  draw() {
    this.picture.draw(this.selected, this.lookup);
    this.drawTraffic();
  }

  fit() {
    this.picture.fit();
    const traffic = element('traffic');
    traffic.width = Math.max(1, traffic.clientWidth);
    traffic.height = Math.max(1, traffic.clientHeight);
    this.draw();
  }

  drawTraffic() {
    const canvas = element('traffic');
    const context = canvas.getContext('2d');
    const { samples } = this.recording;
    const most = samples.reduce((greatest, { bytes }) => Math.max(greatest, bytes), 1);
    const width = canvas.width / Math.max(1, samples.length);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = color('--live');
    samples.forEach(({ bytes }, index) => {
      const height = (bytes / most) * canvas.height;
      context.fillRect(index * width, canvas.height - height, Math.max(1, width - 1), height);
    });
    context.fillStyle = color('--hot');
    context.fillRect(this.shareOf(this.state.nowMs) * canvas.width, 0, 2, canvas.height);
  }

  search(text) {
    const found = this.state.find(text);
    element('wanted').setAttribute('aria-invalid', String(found === undefined));
    this.select(found);
  }

  select(node) {
    this.selected = node;
    this.showNode();
    this.draw();
  }

  showNode() {
    const { selected: node, state } = this;
    if (node === undefined) return fill('node', []);
    const { id, name } = this.recording.nodes[node];
    const facts = [
      ['name', name],
      ['id', id],
      ['state', state.isUp[node] ? 'runs' : Number.isFinite(state.crashedMs[node]) ? 'crashed' : 'not started'],
      ['links', String(state.linked[node].size)],
    ];
    fill(
      'node',
      facts.flatMap(([term, text]) => [made('dt', term), made('dd', text)]),
    );
  }

  listLookups() {
    const { lookups, startMs } = this.recording;
    const items = lookups.slice(0, LOOKUPS_LISTED_MAX).map((lookup) => {
      const seconds = ((lookup.atMs - startMs) / 1_000).toFixed(1);
      const button = made('button', `${seconds} s: ${this.nameOf(lookup.node)} → ${lookup.key.slice(0, SHORT_DIGITS)}, ${lookup.end}`);
      button.className = lookup.end === 'done' ? '' : 'failed';
      button.addEventListener('click', () => this.follow(lookup, button));
      const item = made('li', '');
      item.append(button);
      return item;
    });
    if (lookups.length > LOOKUPS_LISTED_MAX) items.push(made('li', `and ${lookups.length - LOOKUPS_LISTED_MAX} more`));
    fill('lookups', items);
  }

  /** Time goes to the beginning of the lookup, whose steps are shown; a second click ends that. */
  follow(lookup, button) {
    for (const other of document.querySelectorAll('#lookups [aria-current]')) other.removeAttribute('aria-current');
    this.lookup = this.lookup === lookup ? undefined : lookup;
    element('steps-title').hidden = this.lookup === undefined;
    const steps = this.lookup === undefined ? [] : lookup.steps;
    fill(
      'steps',
      steps.map((step) => this.stepItem(step)),
    );
    if (this.lookup === undefined) return this.draw();
    button.setAttribute('aria-current', 'true');
    this.seek(lookup.atMs);
  }

  stepItem({ node, via, askedMs, tookMs, outcome }) {
    const over = via.length === 0 ? '' : ` over ${via.map((relay) => this.nameOf(relay)).join(', ')}`;
    const item = made('li', `${askedMs.toFixed(0)} ms: ${this.nameOf(node)}${over}: ${outcome} after ${tookMs.toFixed(0)} ms`);
    item.className = outcome === 'answered' ? 'answered' : 'failed';
    return item;
  }

  nameOf(node) {
    return this.recording.nodes[node].name;
  }

  shareOf(atMs) {
    const { startMs, endMs } = this.recording;
    return endMs > startMs ? (atMs - startMs) / (endMs - startMs) : 0;
  }

  msOf(share) {
    const { startMs, endMs } = this.recording;
    return startMs + share * (endMs - startMs);
  }
}

function element(id) {
  return document.getElementById(id);
}

function made(name, text) {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}

function fill(id, children) {
  element(id).replaceChildren(...children);
}

globalThis.player = new Player(JSON.parse(element('run').textContent));
