/**
 * @module Graph: the mesh on a canvas, moved and zoomed by mouse, fingers and keyboard. The table has the same for those who do not see it.
 */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Drawing } from '../picture/drawing.js';
import { Gestures } from '../picture/gestures.js';
import type { ColorName } from '../picture/palette.js';
import { Crowd, rateWidth, roundTripColor, Scene } from '../picture/scene.js';
import { Layout } from './layout.js';
import type { Mesh, State } from './model.js';

interface GraphProps {
  readonly mesh: Mesh;
  readonly found: ReadonlySet<number>;
  readonly selectedId: string | undefined;
  readonly select: (id: string) => void;
}

const STATE_COLORS: Readonly<Record<State, ColorName>> = {
  alive: '--alive',
  asked: '--quiet',
  silent: '--quiet',
  refused: '--refused',
  dead: '--dead',
};
const SELF_SIZE = 1.4;

export function Graph({ mesh, found, selectedId, select }: GraphProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const layout = useMemo(() => new Layout(), []);
  const drawing = useRef<Drawing | undefined>(undefined);
  const selected = selectedId === undefined ? undefined : mesh.byId(selectedId)?.number;
  const latest = useRef({ selected, select });
  latest.current = { selected, select };
  useEffect(() => {
    const element = canvas.current as HTMLCanvasElement;
    const drawn = new Drawing(element);
    drawing.current = drawn;
    const observer = new ResizeObserver(() => drawn.request());
    observer.observe(element);
    const choose = (number: number | undefined) => {
      const id = number === undefined ? undefined : mesh.nodes.get(number)?.id;
      if (id !== undefined) latest.current.select(id);
    };
    new Gestures(element, drawn, {
      choose,
      step: (direction) => choose(neighbourOf([...mesh.nodes.keys()], latest.current.selected, direction)),
      labelOf: (number) => mesh.nodes.get(number)?.label ?? '',
    });
    return () => observer.disconnect();
  }, [mesh]);
  useEffect(() => {
    layout.follow(mesh);
    drawing.current?.show(sceneOf(mesh, layout, selected, found));
  }, [mesh.revision, selected, found]);
  useEffect(() => {
    const place = selected === undefined ? undefined : layout.places.get(selected);
    if (place !== undefined) drawing.current?.reveal(place);
  }, [selected]);
  return (
    <div class="graph-place">
      <div class="canvas-place">
        <canvas
          ref={canvas}
          class="graph"
          tabIndex={0}
          role="img"
          aria-label={`Graph of ${mesh.nodes.size} nodes and ${mesh.edges.length} links; the table shows the same as text`}
          aria-describedby="graph-keys"
        />
        <p id="graph-keys" class="unseen">
          Arrow keys move, plus and minus zoom, 0 shows all, n and p choose the next and the previous node.
        </p>
      </div>
      <Legend every={new Crowd(mesh.edges.length).every} />
    </div>
  );
}

/** `every`: so many links are one line. */
function Legend({ every }: { readonly every: number }) {
  const entries: readonly (readonly [ColorName, string, string])[] = [
    ['--alive', '', 'alive'],
    ['--dead', '', 'dead'],
    ['--refused', '', 'refused'],
    ['--quiet', '', 'asked or silent'],
    ['--fast', 'link', 'below 30 ms'],
    ['--medium', 'link', 'below 200 ms'],
    ['--slow', 'link', '200 ms or more'],
    ['--text', 'link lossy', 'loses pings'],
    ['--text', 'link relayed', 'relayed'],
  ];
  return (
    <ul class="legend" aria-label="Legend of the graph">
      {entries.map(([color, kind, text]) => (
        <li key={text} class={`${kind} of${color}`}>
          {text}
        </li>
      ))}
      {every > 1 ? <li class="note">{`1 of ${every} links is drawn, and all of the chosen node`}</li> : null}
    </ul>
  );
}

function neighbourOf(numbers: readonly number[], selected: number | undefined, direction: 1 | -1): number | undefined {
  if (selected === undefined) return numbers[0];
  return numbers.at((numbers.indexOf(selected) + direction) % Math.max(1, numbers.length));
}

function sceneOf(mesh: Mesh, { places, isRing }: Layout, selected: number | undefined, found: ReadonlySet<number>): Scene {
  const { edges, nodes, self } = mesh;
  const scene = new Scene(isRing);
  const crowd = new Crowd(edges.length);
  let index = 0;
  for (const edge of edges) {
    const isOwn = edge.a === selected || edge.b === selected;
    if (index++ % crowd.every !== 0 && !isOwn) continue;
    const [from, to] = [places.get(edge.a), places.get(edge.b)];
    if (from === undefined || to === undefined) continue;
    const { rttMs, loss, rate, isRelayed } = edge;
    const look = { color: roundTripColor(rttMs), isRelayed, isLossy: loss > 0 };
    if (isOwn) scene.markedLink({ ...look, alpha: 1, width: rateWidth(rate) }, from, to);
    else scene.link({ ...look, alpha: crowd.alpha, width: crowd.width(rate) }, from, to);
  }
  for (const { number, label, state } of nodes.values()) {
    const place = places.get(number);
    if (place === undefined) continue;
    const isChosen = number === selected;
    const size = isChosen || number === self ? SELF_SIZE : 1;
    const text = state === 'alive' ? label : `${label} (${state})`;
    scene.nodes.push({ key: number, place, color: STATE_COLORS[state], label: text, size, isMarked: isChosen || found.has(number) });
  }
  return scene;
}
