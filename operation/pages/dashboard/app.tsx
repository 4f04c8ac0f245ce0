/**
 * @module The page of the dashboard: the graph or the table of nodes, and beside it what is known of the chosen one.
 */
import { render } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { History } from './charts.js';
import { act, type Details, details, type Facts, facts, follow } from './client.js';
import { Graph } from './graph.js';
import { Mesh } from './model.js';
import { NodePanel } from './node-panel.js';
import { NodeTable } from './node-table.js';

const DETAILS_MS = 1_000;

function App() {
  const mesh = useMemo(() => new Mesh(), []);
  const [, redraw] = useState(0);
  const [problem, setProblem] = useState('connecting');
  const [own, setOwn] = useState<Facts>();
  const [selectedId, select] = useState<string>();
  const [query, setQuery] = useState('');
  const [isTable, setTable] = useState(false);
  useEffect(() => {
    facts().then(
      (given) => {
        setOwn(given);
        select((chosen) => chosen ?? given.id);
      },
      (error: Error) => setProblem(error.message),
    );
    void follow((line) => {
      mesh.take(line);
      setProblem('');
      redraw(mesh.revision);
    }, setProblem);
  }, [mesh]);
  const found = useMemo(() => matching(mesh, query), [mesh.revision, query]);
  const counts = countsOf(mesh);
  return (
    <div class="app">
      <header>
        <h1>Meshwright</h1>
        <p class="summary" aria-live="polite">
          {problem === '' ? `${mesh.nodes.size} nodes: ${counts}; ${mesh.edges.length} links` : problem}
        </p>
        <input
          type="search"
          placeholder="Search for a node"
          aria-label="Search for a node by its name or id"
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => {
            const [first] = found;
            if (event.key === 'Enter' && first !== undefined) select(mesh.nodes.get(first)?.id);
          }}
        />
        <button type="button" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          {isTable ? 'Show the graph' : 'Show the table'}
        </button>
      </header>
      <main>
        {isTable ? (
          <NodeTable mesh={mesh} found={query === '' ? undefined : found} selectedId={selectedId} select={select} />
        ) : (
          <Graph mesh={mesh} found={query === '' ? new Set() : found} selectedId={selectedId} select={select} />
        )}
        <Chosen mesh={mesh} own={own} id={selectedId} select={select} />
      </main>
    </div>
  );
}

interface ChosenProps {
  readonly mesh: Mesh;
  readonly own: Facts | undefined;
  readonly id: string | undefined;
  readonly select: (id: string) => void;
}

/** Asks for the details of the chosen node once a second. */
function Chosen({ mesh, own, id, select }: ChosenProps) {
  const [known, setKnown] = useState<Details | null>();
  const histories = useRef(new Map<string, History>());
  useEffect(() => {
    if (id === undefined) return;
    let isCurrent = true;
    const load = () =>
      details(id).then(
        (given) => {
          if (!isCurrent) return;
          if (given !== null) historyOf(histories.current, id).add(Date.now(), given.metrics);
          setKnown(given);
        },
        () => {},
      );
    void load();
    const timer = setInterval(load, DETAILS_MS);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [id]);
  if (id === undefined || known === undefined || known === null || known.id !== id)
    return <aside class="panel">Choose a node to see more of it.</aside>;
  const mayAct = own?.allowActions === true && own.id === id;
  return <NodePanel mesh={mesh} node={known} history={historyOf(histories.current, id)} select={select} act={mayAct ? act : undefined} />;
}

function historyOf(histories: Map<string, History>, id: string): History {
  const history = histories.get(id) ?? new History();
  histories.set(id, history);
  return history;
}

function matching(mesh: Mesh, query: string): ReadonlySet<number> {
  const wanted = query.trim().toLowerCase();
  const nodes =
    wanted === '' ? [] : [...mesh.nodes.values()].filter(({ id, label }) => id.startsWith(wanted) || label.toLowerCase().includes(wanted));
  return new Set(nodes.map(({ number }) => number));
}

function countsOf({ nodes }: Mesh): string {
  const counts = new Map<string, number>();
  for (const { state } of nodes.values()) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}

render(<App />, document.getElementById('app') as HTMLElement);
