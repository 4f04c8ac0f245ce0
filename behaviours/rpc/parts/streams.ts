/**
 * @module PartStreams: which byte stream belongs to which part of which call. A reader opens one to the rpc behaviour of the node that offers the
 * part, and names both; whoever does not know the id of the call finds nothing. Byte streams are the work of the streams behaviour.
 */
import {
  type BehaviorAgent,
  type ByteStream,
  type CorrelationId,
  type ErrorCode,
  NetworkError,
  type NodeId,
  type Route,
} from '../../../core/index.js';
import type { Offering } from './offering.js';

/** Whether the parts are of the request, or of the answer. */
export type PartSide = 'request' | 'answer';

/** Which parts are meant: of one side of one call. */
export interface PartOwner extends CorrelationId {
  readonly side: PartSide;
}

/** Who may read an offering. */
export interface Reader {
  /** Absent: the node that answers is not known yet. */
  readonly nodeId: NodeId | undefined;
  /** Only the neighbour itself, no claim of a relay. */
  readonly isDirect: boolean;
}

interface Entry {
  readonly offering: Offering;
  readonly reader: () => Reader;
}

const NAME = /^(request|answer) ([0-9a-f]{16}) ([0-7])$/;
const HEX_DIGITS = 8;

export class PartStreams {
  private readonly entries = new Map<string, Entry[]>();

  constructor(private readonly serviceId: number) {}

  /** Calls that offer streams. */
  get size(): number {
    return this.entries.size;
  }

  /** From now on the reader finds the parts, until `remove`. */
  offer(owner: PartOwner, offering: Offering, reader: () => Reader): void {
    const key = keyOf(owner);
    this.entries.set(key, [...(this.entries.get(key) ?? []), { offering, reader }]);
  }

  remove(owner: PartOwner, offering: Offering): void {
    const key = keyOf(owner);
    const rest = (this.entries.get(key) ?? []).filter((entry) => entry.offering !== offering);
    if (rest.length > 0) this.entries.set(key, rest);
    else this.entries.delete(key);
  }

  /** A node has opened a stream to this behaviour. Whether it is the reader of something that is offered. */
  accept(stream: ByteStream): boolean {
    const [, side, id, index] = NAME.exec(stream.name) ?? [];
    const entries = this.entries.get(`${side} ${id}`) ?? [];
    const isTaken = entries.some(({ offering, reader }) => isReader(reader(), stream) && offering.take(Number(index), stream));
    if (!isTaken) stream.reset('this node does not offer that stream, or does not any more');
    return isTaken;
  }

  /** Opens the stream of a part to the node that offers it. `settle` is called once, perhaps during this call. */
  open(agent: BehaviorAgent, route: Route, part: PartOwner & { readonly index: number }, silenceMs: number, settle: Settle): void {
    const name = `${keyOf(part)} ${part.index}`;
    const [port] = agent.ports('streamOpener');
    const request = { route, serviceId: this.serviceId, name, silenceMs };
    const used = port?.use(({ open }) =>
      open(request, (result) =>
        settle(result.type === 'ok' ? result.stream : new NetworkError(result.code as ErrorCode, `a stream of the call: ${result.text}`)),
      ),
    );
    if (used === undefined) settle(new NetworkError('STREAMS_ABSENT', 'no behaviour of this node opens byte streams'));
  }

  /** Whether this node can open and take streams. */
  static areThere(agent: BehaviorAgent): boolean {
    return agent.ports('streamOpener').some(({ serviceId }) => serviceId > 0);
  }
}

type Settle = (result: ByteStream | NetworkError) => void;

function isReader({ nodeId, isDirect }: Reader, stream: ByteStream): boolean {
  return (nodeId === undefined || nodeId === stream.nodeId) && (!isDirect || stream.nodeVerified);
}

function keyOf({ side, idHigh, idLow }: PartOwner): string {
  const hex = (half: number) => (half >>> 0).toString(16).padStart(HEX_DIGITS, '0');
  return `${side} ${hex(idHigh)}${hex(idLow)}`;
}
