/**
 * @module Client: what the page asks its server. The token is the part of the address after `#`, which browsers send to nobody.
 */
import type { Line } from './model.js';

const token = location.hash.slice(1);
const RETRY_MS = 2_000;
const NEWLINE = 10;
const headers = { authorization: `Bearer ${token}` };

export interface Details {
  readonly id: string;
  readonly label: string;
  readonly state: string;
  readonly refusal?: string;
  readonly addresses: readonly string[];
  readonly links: readonly {
    readonly connectionId: number;
    readonly nodeId: string;
    readonly direction: string;
    readonly remoteAddress: string;
    readonly rttMs?: number;
    readonly lossRatio?: number;
    readonly sentPerSecond?: number;
    readonly receivedPerSecond?: number;
  }[];
  readonly behaviors: readonly { readonly serviceId: number; readonly name: string }[];
  readonly queues: readonly { readonly name: string; readonly messages: number; readonly bytes: number; readonly fill: number }[];
  /** What behaviours show, such as topics and maps. */
  readonly tables: readonly Table[];
  readonly metrics: Readonly<Record<string, number>>;
  readonly events: readonly { readonly kind: string; readonly text: string; readonly agoMs: number }[];
}

export interface Table {
  readonly name: string;
  readonly rowCount: number;
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly name: string;
    readonly values: readonly (string | number)[];
    /** `null`: the column is no counter, or there is no report to compare with. */
    readonly perSecond: readonly (number | null)[];
  }[];
}

export interface Facts {
  readonly id: string;
  readonly allowActions: boolean;
}

export interface Explanation {
  readonly action: string;
  readonly lines: readonly string[];
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(path, { headers });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as T;
}

export const facts = () => get<Facts>('/api/facts');
export const details = (id: string) => get<Details | null>(`/api/node?id=${id}`);
export const explain = (id: string, to: string) => get<Explanation>(`/api/explain?id=${id}&to=${to}`);

export async function act(path: string, body: object): Promise<void> {
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
}

/** Reads the stream for ever; after its end it is opened anew. `onEnd` gets why it ended. */
export async function follow(onLine: (line: Line) => void, onEnd: (reason: string) => void): Promise<never> {
  for (;;) {
    try {
      await readLines(onLine);
      onEnd('the stream has ended');
    } catch (error) {
      onEnd(error instanceof Error ? error.message : String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function readLines(onLine: (line: Line) => void): Promise<void> {
  const response = await fetch('/api/stream', { headers });
  if (!response.ok || response.body === null) throw new Error(await response.text());
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    // Most pieces of a large line have no end.
    if (!value.includes(NEWLINE)) continue;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(JSON.parse(line) as Line);
  }
}
