/**
 * @module Gestures: moves, zooms and chooses in a drawing by mouse, fingers, wheel and keyboard, for as long as the canvas is there.
 */
import type { Drawing } from './drawing.js';
import type { Place } from './places.js';

const STEP = 40;
const ZOOM = 1.2;
/** What moves further is no click. */
const STILL_PIXELS = 4;

export interface GestureActions {
  /** A node was clicked at; `undefined`: none was there. */
  choose(key: number | undefined): void;
  /** The next node (1), or the previous one (-1). */
  step(direction: 1 | -1): void;
  labelOf(key: number): string;
}

export class Gestures {
  /** Fingers or buttons that are down, by pointer. */
  private readonly down = new Map<number, Place>();
  private moved = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly drawing: Drawing,
    private readonly actions: GestureActions,
  ) {
    canvas.addEventListener('pointerdown', (event) => this.pressed(event));
    canvas.addEventListener('pointermove', (event) => this.movedTo(event));
    for (const end of ['pointerup', 'pointercancel'] as const) canvas.addEventListener(end, (event) => this.released(event));
    canvas.addEventListener('dblclick', () => drawing.reset());
    canvas.addEventListener('keydown', (event) => this.typed(event));
    const zoom = (event: WheelEvent) => {
      event.preventDefault();
      drawing.zoomBy(event.deltaY < 0 ? ZOOM : 1 / ZOOM, event.offsetX, event.offsetY);
    };
    canvas.addEventListener('wheel', zoom, { passive: false });
  }

  private pressed({ pointerId, offsetX: x, offsetY: y }: PointerEvent): void {
    this.canvas.setPointerCapture(pointerId);
    if (this.down.size === 0) this.moved = 0;
    this.down.set(pointerId, { x, y });
  }

  private movedTo({ pointerId, offsetX: x, offsetY: y }: PointerEvent): void {
    const before = this.down.get(pointerId);
    if (before === undefined) return this.hover(x, y);
    this.down.set(pointerId, { x, y });
    this.moved += Math.hypot(x - before.x, y - before.y);
    const [other] = [...this.down].filter(([id]) => id !== pointerId).map(([, place]) => place);
    if (other === undefined) return this.drawing.moveBy(x - before.x, y - before.y);
    const factor = Math.hypot(x - other.x, y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
    this.drawing.zoomBy(factor, (x + other.x) / 2, (y + other.y) / 2);
  }

  private released({ pointerId, type, offsetX, offsetY }: PointerEvent): void {
    const wasDown = this.down.delete(pointerId);
    if (wasDown && type === 'pointerup' && this.moved < STILL_PIXELS) this.actions.choose(this.drawing.nodeAt(offsetX, offsetY));
  }

  private hover(x: number, y: number): void {
    const key = this.drawing.nodeAt(x, y);
    this.canvas.title = key === undefined ? '' : this.actions.labelOf(key);
    this.canvas.style.cursor = key === undefined ? 'grab' : 'pointer';
  }

  /** Arrows move, plus and minus zoom, 0 shows all, n and p choose the next and the previous node. */
  private typed(event: KeyboardEvent): void {
    const { drawing, actions } = this;
    const keys: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => drawing.moveBy(STEP, 0),
      ArrowRight: () => drawing.moveBy(-STEP, 0),
      ArrowUp: () => drawing.moveBy(0, STEP),
      ArrowDown: () => drawing.moveBy(0, -STEP),
      '+': () => drawing.zoomBy(ZOOM),
      '-': () => drawing.zoomBy(1 / ZOOM),
      '0': () => drawing.reset(),
      n: () => actions.step(1),
      p: () => actions.step(-1),
    };
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  }
}
