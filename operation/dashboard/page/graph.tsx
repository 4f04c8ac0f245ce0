/**
 * @module Graph: the canvas with the mesh, moved and zoomed by mouse, wheel and keyboard. The table has the same for those who do not see it.
 */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Drawing } from './drawing.js';
import { Layout } from './layout.js';
import type { Mesh } from './model.js';

interface GraphProps {
  readonly mesh: Mesh;
  readonly found: ReadonlySet<number>;
  readonly selectedId: string | undefined;
  readonly select: (id: string) => void;
}

const STEP = 40;
const ZOOM = 1.2;

export function Graph({ mesh, found, selectedId, select }: GraphProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const layout = useMemo(() => new Layout(), []);
  const drawing = useRef<Drawing | undefined>(undefined);
  const draw = () => {
    drawing.current ??= new Drawing(canvas.current as HTMLCanvasElement, mesh, layout);
    drawing.current.draw(selectedId === undefined ? undefined : mesh.byId(selectedId)?.number, found);
  };
  const latest = useRef(draw);
  latest.current = draw;
  useEffect(() => {
    layout.follow(mesh);
    draw();
  });
  useEffect(() => {
    const observer = new ResizeObserver(() => latest.current());
    observer.observe(canvas.current as HTMLCanvasElement);
    return () => observer.disconnect();
  }, []);
  const change = (work: (drawn: Drawing) => void) => {
    if (drawing.current !== undefined) work(drawing.current);
    draw();
  };
  return (
    <canvas
      ref={canvas}
      class="graph"
      tabIndex={0}
      role="img"
      aria-label={`Graph of ${mesh.nodes.size} nodes and ${mesh.edges.length} links; the table shows the same as text`}
      onClick={(event) => {
        const number = drawing.current?.nodeAt(event.offsetX, event.offsetY);
        const node = number === undefined ? undefined : mesh.nodes.get(number);
        if (node !== undefined) select(node.id);
      }}
      onMouseMove={(event) => {
        if (event.buttons === 1) change((drawn) => drawn.moveBy(event.movementX, event.movementY));
      }}
      onWheel={(event) => {
        event.preventDefault();
        change((drawn) => drawn.zoomAt(event.offsetX, event.offsetY, event.deltaY < 0 ? ZOOM : 1 / ZOOM));
      }}
      onKeyDown={(event) => change((drawn) => press(event, drawn, mesh, selectedId, select))}
    />
  );
}

/** Arrows move, plus and minus zoom, n and p choose the next and the previous node. */
function press(event: KeyboardEvent, drawing: Drawing, mesh: Mesh, selectedId: string | undefined, select: (id: string) => void): void {
  const moves: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [STEP, 0],
    ArrowRight: [-STEP, 0],
    ArrowUp: [0, STEP],
    ArrowDown: [0, -STEP],
  };
  const move = moves[event.key];
  const { clientWidth, clientHeight } = event.currentTarget as HTMLCanvasElement;
  if (move !== undefined) {
    event.preventDefault();
    drawing.moveBy(...move);
  } else if (event.key === '+' || event.key === '-') {
    drawing.zoomAt(clientWidth / 2, clientHeight / 2, event.key === '+' ? ZOOM : 1 / ZOOM);
  } else if (event.key === 'n' || event.key === 'p') {
    const ids = [...mesh.nodes.values()].map(({ id }) => id);
    const next = ids.at((ids.indexOf(selectedId ?? '') + (event.key === 'n' ? 1 : -1)) % Math.max(1, ids.length));
    if (next !== undefined) select(next);
  }
}
