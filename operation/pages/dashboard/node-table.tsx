/**
 * @module NodeTable: the nodes as a table.
 */
import type { Mesh } from './model.js';

interface NodeTableProps {
  readonly mesh: Mesh;
  /** Absent: all. */
  readonly found: ReadonlySet<number> | undefined;
  readonly selectedId: string | undefined;
  readonly select: (id: string) => void;
}

const ROWS_MAX = 500;

export function NodeTable({ mesh, found, selectedId, select }: NodeTableProps) {
  const nodes = [...mesh.nodes.values()].filter(({ number }) => found?.has(number) ?? true);
  return (
    <div class="table">
      <table>
        <caption>
          {nodes.length > ROWS_MAX ? `The first ${ROWS_MAX} of ${nodes.length} nodes: search for others` : `${nodes.length} nodes`}
        </caption>
        <thead>
          <tr>
            {['name', 'id', 'state', 'links', 'round trip, ms', 'loss', 'bytes/s'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {nodes.slice(0, ROWS_MAX).map(({ number, id, label, state, links }) => (
            <tr key={number} class={id === selectedId ? 'chosen' : ''}>
              <th scope="row">
                <button type="button" onClick={() => select(id)}>
                  {label}
                </button>
              </th>
              <td>
                <code>{id.slice(0, 8)}</code>
              </td>
              <td class={state}>{state}</td>
              <td>{links.length}</td>
              <td>{rangeOf(links.map(([, rttMs]) => rttMs))}</td>
              <td>{rangeOf(links.map(([, , loss]) => loss))}</td>
              <td>{Math.round(links.reduce((sum, [, , , sent, received]) => sum + Math.max(0, sent) + Math.max(0, received), 0))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The least and the greatest of what was measured. */
function rangeOf(values: readonly number[]): string {
  const measured = values.filter((value) => value >= 0);
  if (measured.length === 0) return '–';
  const [least, greatest] = [Math.min(...measured), Math.max(...measured)];
  return least === greatest ? String(least) : `${least} to ${greatest}`;
}
