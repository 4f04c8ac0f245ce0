/**
 * @module NodePanel: everything that is known of one node.
 */
import { useState } from 'preact/hooks';
import { Charts, type History } from './charts.js';
import { type Details, type Explanation, explain, type Table } from './client.js';
import type { Mesh } from './model.js';

interface NodePanelProps {
  readonly mesh: Mesh;
  readonly node: Details;
  readonly history: History;
  readonly select: (id: string) => void;
  /** Present when this page may change the node. */
  readonly act: ((path: string, body: object) => Promise<void>) | undefined;
}

export function NodePanel({ mesh, node, history, select, act }: NodePanelProps) {
  const metrics = Object.entries(node.metrics);
  return (
    <aside class="panel" aria-label={`Node ${node.label}`}>
      <h2>
        {node.label} <span class={node.state}>{node.refusal === undefined ? node.state : `${node.state}: ${node.refusal}`}</span>
      </h2>
      <p>
        <code>{node.id}</code>
      </p>
      <p>{node.addresses.join(', ')}</p>
      <Charts history={history} revision={history.times.length === 0 ? 0 : (history.times.at(-1) as number)} />
      <Links mesh={mesh} node={node} select={select} act={act} />
      <Route mesh={mesh} node={node} key={node.id} />
      {node.tables.map((table) => (
        <BehaviorTable key={table.name} table={table} />
      ))}
      <Section title={`Queues (${node.queues.length})`}>
        <Rows label="Queues" titles={['queue', 'messages', 'bytes', 'fill']}>
          {node.queues.map(({ name, messages, bytes, fill }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{messages}</td>
              <td>{bytes}</td>
              <td>
                <meter value={fill} max={1} aria-label={`${name} is filled`} />
              </td>
            </tr>
          ))}
        </Rows>
      </Section>
      <Section title={`Behaviours (${node.behaviors.length})`}>
        <Rows label="Behaviours" titles={['service', 'name', ...(act === undefined ? [] : [''])]}>
          {node.behaviors.map(({ serviceId, name }) => (
            <tr key={serviceId}>
              <td>{serviceId}</td>
              <th scope="row">{name}</th>
              {act === undefined ? null : <ActionCell label={`Stop ${name}`} run={() => act('/api/stop-behavior', { serviceId })} />}
            </tr>
          ))}
        </Rows>
      </Section>
      <Section title={`Events (${node.events.length})`} isOpen>
        <ol class="events">
          {[...node.events].reverse().map(({ kind, text, agoMs }, index) => (
            <li key={index} class={kind === 'fault' ? 'dead' : ''}>
              {`${Math.round(agoMs / 1_000)} s ago: ${kind}: ${text}`}
            </li>
          ))}
        </ol>
      </Section>
      <Section title={`Metrics (${metrics.length})`}>
        <Rows label="Metrics" titles={['metric', 'value']}>
          {metrics.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{Number.isInteger(value) ? value : value.toFixed(2)}</td>
            </tr>
          ))}
        </Rows>
      </Section>
    </aside>
  );
}

function Links({ mesh, node, select, act }: Omit<NodePanelProps, 'history'>) {
  const nameOf = (id: string) => mesh.byId(id)?.label ?? id.slice(0, 8);
  return (
    <Section title={`Links (${node.links.length})`} isOpen>
      <Rows label="Links" titles={['node', 'address', 'round trip', 'loss', 'bytes/s', ...(act === undefined ? [] : [''])]}>
        {node.links.map(({ connectionId, nodeId, remoteAddress, direction, rttMs, lossRatio, sentPerSecond, receivedPerSecond }) => (
          <tr key={connectionId}>
            <th scope="row">
              <button type="button" onClick={() => select(nodeId)}>
                {nameOf(nodeId)}
              </button>
            </th>
            <td>{`${direction === 'incoming' ? 'from' : 'to'} ${remoteAddress}`}</td>
            <td>{rttMs === undefined ? '–' : `${rttMs} ms`}</td>
            <td>{lossRatio === undefined ? '–' : `${Math.round(lossRatio * 100)} %`}</td>
            <td>{sentPerSecond === undefined ? '–' : Math.round(sentPerSecond + (receivedPerSecond ?? 0))}</td>
            {act === undefined ? null : (
              <ActionCell label={`Close the link to ${nameOf(nodeId)}`} run={() => act('/api/close-link', { connectionId })} />
            )}
          </tr>
        ))}
      </Rows>
    </Section>
  );
}

/** A table of a behaviour; of a counter also the rate. */
function BehaviorTable({ table: { name, rowCount, columns, rows } }: { readonly table: Table }) {
  const left = rowCount - rows.length;
  return (
    <Section title={`${titleOf(name)} (${rowCount})`} isOpen={rowCount > 0}>
      <Rows label={titleOf(name)} titles={['name', ...columns.map((column) => column.replace(/_total$/, ''))]}>
        {rows.map((row, index) => (
          <tr key={index}>
            <th scope="row" title={row.name}>
              {row.name}
            </th>
            {row.values.map((value, column) => (
              <td key={columns[column]}>{cellOf(value, row.perSecond[column] ?? undefined)}</td>
            ))}
          </tr>
        ))}
      </Rows>
      {left > 0 ? <p>{`and ${left} more`}</p> : null}
    </Section>
  );
}

/** `pubsub.topics` as `Topics: pubsub`. */
function titleOf(name: string): string {
  const [behavior = '', ...own] = name.split('.');
  const table = own.join('.');
  return `${table.slice(0, 1).toUpperCase()}${table.slice(1)}: ${behavior}`;
}

function cellOf(value: string | number, perSecond: number | undefined): string {
  const shown = typeof value === 'number' ? value.toLocaleString('en') : value;
  return perSecond === undefined ? shown : `${shown} (${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s)`;
}

/** Why the node sends what is for another one where it does. */
function Route({ mesh, node }: { readonly mesh: Mesh; readonly node: Details }) {
  const [answer, setAnswer] = useState<Explanation | string>();
  const others = [...mesh.nodes.values()].filter(({ id }) => id !== node.id).slice(0, 500);
  const choose = (to: string) =>
    to === '' ? setAnswer(undefined) : explain(node.id, to).then(setAnswer, (error: Error) => setAnswer(error.message));
  return (
    <Section title="Route" isOpen>
      <label>
        {'to '}
        <select onChange={(event) => void choose(event.currentTarget.value)}>
          <option value="">choose a node</option>
          {others.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {answer === undefined ? null : typeof answer === 'string' ? (
        <p class="dead">{answer}</p>
      ) : (
        <ul class="route">
          {answer.lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </Section>
  );
}

type Children = preact.ComponentChildren;

function Section({ title, isOpen = false, children }: { readonly title: string; readonly isOpen?: boolean; readonly children: Children }) {
  return (
    <details open={isOpen}>
      <summary>{title}</summary>
      {children}
    </details>
  );
}

interface RowsProps {
  /** What the table has, for those who do not see its place. */
  readonly label: string;
  readonly titles: readonly string[];
  readonly children: Children;
}

function Rows({ label, titles, children }: RowsProps) {
  return (
    <table aria-label={label}>
      <thead>
        <tr>
          {titles.map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

function ActionCell({ label, run }: { readonly label: string; readonly run: () => Promise<void> }) {
  const [outcome, setOutcome] = useState('');
  return (
    <td>
      <button
        type="button"
        aria-label={label}
        onClick={() => {
          if (confirm(`${label}?`))
            run().then(
              () => setOutcome('done'),
              (error: Error) => setOutcome(error.message),
            );
        }}
      >
        {outcome === '' ? 'end' : outcome}
      </button>
    </td>
  );
}
