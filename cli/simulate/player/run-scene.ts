/**
 * @module RunScene: a moment of a recording as a scene: nodes on the ring of their ids, links as curves, and over them the steps of lookups.
 */

import type { ColorName } from '../../../operation/pages/picture/palette.js';
import type { Pen } from '../../../operation/pages/picture/pen.js';
import { alongCurve, type Place, ringPlace } from '../../../operation/pages/picture/places.js';
import { Crowd, type LinkLook, Scene } from '../../../operation/pages/picture/scene.js';
import type { RecordedLookup } from '../../../transports/simulated/trace/recording.js';
import type { Link, RunState } from './run-state.js';

const GROUP_COLORS: readonly ColorName[] = ['--alive', '--fast', '--chosen', '--relayed'];
const GONE_ALPHA = 0.35;
const CRASH_SIZE = 2.5;

export class RunScene {
  private readonly places: readonly Place[];

  constructor(private readonly state: RunState) {
    this.places = state.recording.nodes.map(({ id }) => ringPlace(id));
  }

  /** The network of this moment. */
  scene(selected: number | undefined): Scene {
    const { state } = this;
    const scene = new Scene(true);
    const crowd = new Crowd(state.links.size);
    let index = 0;
    for (const link of state.links.values()) {
      const isChosen = link.from === selected || link.to === selected;
      const isMoving = state.isMoving(link);
      if (index++ % crowd.every !== 0 && !isChosen && !isMoving) continue;
      this.link(scene, link.from, link.to, { ...this.lookOf(link, crowd), ...(isMoving && MOVED), ...(isChosen && { alpha: 1 }) });
    }
    for (const [from, to] of state.cuts.values()) this.link(scene, from, to, { color: '--dead', alpha: 1, width: 2, isLossy: true });
    this.addNodes(scene, selected);
    return scene;
  }

  /** Steps that were asked before now: on their way, or answered. */
  drawLookup(pen: Pen, { node, atMs, steps }: RecordedLookup): void {
    const sinceMs = this.state.nowMs - atMs;
    for (const { node: asked, via, askedMs, tookMs, outcome } of steps) {
      if (askedMs > sinceMs) continue;
      const isOver = askedMs + tookMs <= sinceMs;
      const color = !isOver ? '--chosen' : outcome === 'answered' ? '--alive' : '--dead';
      const stops = [node, ...via, asked].map((stop) => this.placeOf(stop));
      pen.stroke({ color, width: isOver ? 1.5 : 2.5, alpha: 1, dash: [] }, stops);
      if (!isOver && tookMs > 0) this.dot(pen, alongStops(stops, (sinceMs - askedMs) / tookMs), 4);
    }
    this.dot(pen, this.placeOf(node), 5);
  }

  private lookOf({ from, to, isRelayed }: Link, crowd: Crowd): LinkLook {
    const { groups, groupOf } = this.state;
    const isParted = groups.length > 0 && groupOf.get(from) !== groupOf.get(to);
    const [alpha, width] = [crowd.alpha, crowd.width(0)];
    if (isParted) return { color: '--dead', alpha, width, isRelayed };
    return isRelayed ? { color: '--relayed', alpha: Math.max(alpha, 0.6), width, isRelayed } : { color: '--fast', alpha, width };
  }

  private link(scene: Scene, from: number, to: number, look: LinkLook): void {
    scene.link(look, this.placeOf(from), this.placeOf(to));
  }

  private addNodes(scene: Scene, selected: number | undefined): void {
    const { state } = this;
    for (const [key, { name }] of state.recording.nodes.entries()) {
      const isUp = state.isUp[key] === true;
      const isCrashing = state.isCrashing(key);
      if (!isUp && !Number.isFinite(state.crashedMs[key])) continue;
      const color = isUp ? (GROUP_COLORS[(state.groupOf.get(key) ?? 0) % GROUP_COLORS.length] as ColorName) : '--dead';
      const [alpha, size] = [isUp || isCrashing ? 1 : GONE_ALPHA, isCrashing ? CRASH_SIZE : 1];
      scene.nodes.push({
        key,
        place: this.placeOf(key),
        color,
        label: isUp ? name : `${name} (crashed)`,
        alpha,
        size,
        isMarked: key === selected,
      });
    }
  }

  private dot(pen: Pen, place: Place, radius: number): void {
    pen.discs('--chosen', 1, [{ at: pen.view.toCanvas(place), radius }]);
  }

  private placeOf(node: number): Place {
    return this.places[node] as Place;
  }
}

/** A link that has just gone over to another channel. */
const MOVED: Partial<LinkLook> = { color: '--text', alpha: 1, width: 4 };

/** A question on its way there, and its answer on the way back. */
function alongStops(stops: readonly Place[], share: number): Place {
  const at = (share < 0.5 ? 2 * share : 2 - 2 * share) * (stops.length - 1);
  const leg = Math.max(0, Math.min(stops.length - 2, Math.floor(at)));
  return alongCurve(stops[leg] as Place, stops[leg + 1] as Place, at - leg);
}
