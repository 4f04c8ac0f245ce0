/**
 * @module Drawing: a scene on a canvas, seen from a view that moves and zooms. Links are drawn into a layer, which moves with the view at once and is
 * drawn anew a moment later: thousands of them would take longer than a frame.
 */

import { paintNames, paintNodes } from './nodes.js';
import { Palette } from './palette.js';
import { Pen, View } from './pen.js';
import type { Place } from './places.js';
import { Scene } from './scene.js';

const MARGIN = 48;
const ZOOM_MIN = 0.5;
const ZOOM_MAX = 60;
/** Of fewer links every frame is drawn anew. */
const LAYER_FROM = 1_000;
/** The layer is drawn anew so long after the view has come to rest. */
const REST_MS = 120;
const NEAR_PIXELS = 14;

/** What the layer was drawn for. */
interface Drawn {
  readonly backdrop: Scene;
  readonly view: View;
  readonly palette: number;
}

export class Drawing {
  /** Drawn over nodes and links, in each frame. */
  overlay: ((pen: Pen) => void) | undefined;
  private readonly palette = new Palette(() => this.request());
  private readonly layer = document.createElement('canvas');
  private scene = new Scene(false);
  /** The last one whose nodes and links, but for the marked ones, were others than before. */
  private backdrop = this.scene;
  private middle: Place = { x: 0, y: 0 };
  private zoom = 1;
  private drawn: Drawn | undefined;
  private movedMs = Number.NEGATIVE_INFINITY;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private isAsked = false;

  constructor(private readonly canvas: HTMLCanvasElement) {}

  /** What looks like the scene of now is taken for it, and is not drawn anew. */
  show(scene: Scene): void {
    const isSameBackdrop = scene.hasBackdropOf(this.backdrop);
    if (isSameBackdrop && scene.hasMarkedLinksOf(this.scene) && this.overlay === undefined) return;
    this.scene = scene;
    if (!isSameBackdrop) this.backdrop = scene;
    this.request();
  }

  /** Draws with the next frame. */
  request(): void {
    if (this.isAsked) return;
    this.isAsked = true;
    requestAnimationFrame(() => {
      this.isAsked = false;
      this.paint();
    });
  }

  /** The node at a place of the canvas. */
  nodeAt(x: number, y: number): number | undefined {
    const { view } = this;
    let [nearest, least]: [number | undefined, number] = [undefined, NEAR_PIXELS];
    for (const { key, place } of this.scene.nodes) {
      const at = view.toCanvas(place);
      const distance = Math.hypot(at.x - x, at.y - y);
      if (distance < least) [nearest, least] = [key, distance];
    }
    return nearest;
  }

  /** So that what is at a place of the canvas stays there; by default in its middle. */
  zoomBy(factor: number, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2): void {
    const before = this.view.toPlace(x, y);
    this.zoom = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, this.zoom * factor));
    const after = this.view.toPlace(x, y);
    this.middle = { x: this.middle.x + before.x - after.x, y: this.middle.y + before.y - after.y };
    this.moved();
  }

  moveBy(x: number, y: number): void {
    const { scale } = this.view;
    this.middle = { x: this.middle.x - x / scale, y: this.middle.y - y / scale };
    this.moved();
  }

  /** The whole picture again. */
  reset(): void {
    [this.middle, this.zoom] = [{ x: 0, y: 0 }, 1];
    this.request();
  }

  /** The view moves there, if the place is not in it. */
  reveal(place: Place): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const { x, y } = this.view.toCanvas(place);
    if (x < 0 || y < 0 || x > width || y > height) this.middle = place;
    this.request();
  }

  private moved(): void {
    this.movedMs = performance.now();
    this.request();
  }

  private get view(): View {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const scale = (Math.max(100, Math.min(width, height)) / 2 - MARGIN) * this.zoom;
    return new View({ width, height, scale, middle: this.middle, ratio: devicePixelRatio || 1 });
  }

  /** Nodes are part of the layer, too. */
  private get isCrowded(): boolean {
    return this.scene.linkCount >= LAYER_FROM;
  }

  private paint(): void {
    const { canvas, layer, view, palette, scene } = this;
    const [width, height] = view.pixels;
    if (width === 0 || height === 0) return;
    for (const one of [canvas, layer]) if (one.width !== width || one.height !== height) [one.width, one.height] = [width, height];
    if (this.mustDrawLayer(view)) this.drawLayer(view);
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.setTransform(...view.from((this.drawn as Drawn).view));
    context.imageSmoothingEnabled = false;
    context.drawImage(layer, 0, 0);
    const pen = new Pen(context, view, palette, scene.isRing);
    for (const { style, path } of scene.markedStrokes) pen.strokePath(style, path);
    if (!this.isCrowded) paintNodes(pen, scene);
    paintNames(pen, scene);
    this.overlay?.(pen);
  }

  private mustDrawLayer(view: View): boolean {
    const { drawn, backdrop, palette } = this;
    if (drawn === undefined || drawn.palette !== palette.revision || !drawn.view.isSameSize(view)) return true;
    if (drawn.backdrop === backdrop && drawn.view.isSame(view)) return false;
    if (!this.isCrowded || performance.now() - this.movedMs >= REST_MS) return true;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.request(), REST_MS);
    return false;
  }

  private drawLayer(view: View): void {
    const { layer, scene, backdrop, palette } = this;
    clearTimeout(this.rest);
    const pen = new Pen(layer.getContext('2d') as CanvasRenderingContext2D, view, palette, scene.isRing);
    pen.clear();
    for (const { style, path } of scene.strokes) pen.strokePath(style, path);
    if (this.isCrowded) paintNodes(pen, scene);
    this.drawn = { backdrop, view, palette: palette.revision };
  }
}
