/**
 * @module Pen: draws on a canvas at places of the picture, in colours of the palette. `View` says which places are where on the canvas.
 */
import type { ColorName, Palette } from './palette.js';
import { bendOf, type Place } from './places.js';
import type { LinkStyle } from './scene.js';

type Transform = [a: number, b: number, c: number, d: number, e: number, f: number];

interface Framing {
  readonly width: number;
  readonly height: number;
  /** Pixels of the style sheet for one unit of the picture. */
  readonly scale: number;
  /** What is in the middle of the canvas. */
  readonly middle: Place;
  /** Pixels of the screen for one of the style sheet. */
  readonly ratio: number;
}

export class View {
  constructor(private readonly framing: Framing) {}

  get scale(): number {
    return this.framing.scale;
  }

  get ratio(): number {
    return this.framing.ratio;
  }

  get pixels(): [width: number, height: number] {
    const { width, height, ratio } = this.framing;
    return [Math.round(width * ratio), Math.round(height * ratio)];
  }

  toCanvas({ x, y }: Place): Place {
    const { width, height, scale, middle } = this.framing;
    return { x: width / 2 + (x - middle.x) * scale, y: height / 2 + (y - middle.y) * scale };
  }

  toPlace(x: number, y: number): Place {
    const { width, height, scale, middle } = this.framing;
    return { x: (x - width / 2) / scale + middle.x, y: (y - height / 2) / scale + middle.y };
  }

  contains({ x, y }: Place): boolean {
    const { width, height } = this.framing;
    return x >= 0 && y >= 0 && x <= width && y <= height;
  }

  isSameSize({ framing: { width, height, ratio } }: View): boolean {
    return width === this.framing.width && height === this.framing.height && ratio === this.framing.ratio;
  }

  isSame({ framing: { scale, middle } }: View): boolean {
    return scale === this.framing.scale && middle.x === this.framing.middle.x && middle.y === this.framing.middle.y;
  }

  /** Puts places of the picture on the pixels. */
  get transform(): Transform {
    const { ratio, scale } = this.framing;
    const { x, y } = this.toCanvas({ x: 0, y: 0 });
    return [scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio];
  }

  /** Puts pixels that were drawn for another view where they are in this one. */
  from(other: View): Transform {
    const factor = this.scale / other.scale;
    const { x, y } = this.toCanvas(other.toPlace(0, 0));
    return [factor, 0, 0, factor, x * this.ratio, y * this.ratio];
  }
}

/** Just below a pixel of the screen, which is drawn much faster than what is wider. */
const HAIRLINE = 0.99;

export class Pen {
  constructor(
    private readonly context: CanvasRenderingContext2D,
    readonly view: View,
    private readonly palette: Palette,
    private readonly isRing: boolean,
  ) {
    context.font = '12px system-ui, sans-serif';
  }

  clear(): void {
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.context.clearRect(0, 0, ...this.view.pixels);
  }

  /** Lines from place to place. */
  stroke(style: LinkStyle, stops: readonly Place[]): void {
    const path = new Path2D();
    for (const [index, to] of stops.entries()) {
      const from = stops[index - 1];
      const bend = from !== undefined && this.isRing ? bendOf(from, to) : to;
      if (from === undefined) path.moveTo(to.x, to.y);
      else path.quadraticCurveTo(bend.x, bend.y, to.x, to.y);
    }
    this.strokePath(style, path);
  }

  strokePath({ color, width, alpha, dash }: LinkStyle, path: Path2D): void {
    const { context, view } = this;
    context.setTransform(...view.transform);
    context.strokeStyle = this.palette.color(color);
    context.lineWidth = (width === 0 ? HAIRLINE / view.ratio : width) / view.scale;
    context.globalAlpha = alpha;
    context.setLineDash(dash.map((length) => length / view.scale));
    context.stroke(path);
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  /** Discs of one colour, their radius in pixels. */
  discs(color: ColorName, alpha: number, discs: readonly { readonly at: Place; readonly radius: number }[]): void {
    const { context } = this;
    this.plain();
    context.globalAlpha = alpha;
    context.fillStyle = this.palette.color(color);
    // One by one: a path of thousands takes longer.
    for (const { at, radius } of discs) {
      context.beginPath();
      context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  }

  ring(color: ColorName, at: Place, radius: number): void {
    const { context } = this;
    this.plain();
    context.strokeStyle = this.palette.color(color);
    context.lineWidth = 2;
    context.beginPath();
    context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
    context.stroke();
  }

  widthOf(text: string): number {
    return this.context.measureText(text).width;
  }

  /** From its middle on the left. Told apart from the links below it by a rim. */
  text(text: string, at: Place): void {
    const { context, palette } = this;
    this.plain();
    context.textBaseline = 'middle';
    context.lineJoin = 'round';
    context.lineWidth = 3;
    context.strokeStyle = palette.color('--background');
    context.strokeText(text, at.x, at.y);
    context.fillStyle = palette.color('--text');
    context.fillText(text, at.x, at.y);
  }

  /** From here on, pixels of the canvas. */
  private plain(): void {
    this.context.setTransform(this.view.ratio, 0, 0, this.view.ratio, 0, 0);
  }
}
