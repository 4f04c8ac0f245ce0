/**
 * @module LanRecords: a topic as names and records of DNS (RFC 6762, RFC 6763): a node is an instance of the service `_meshwright._udp`
 * under the subtype that the topic names, and its data is the value of the key `d` of its TXT record. There are no SRV and
 * address records: the answers concern nodes of the same topic only, which need one packet, not four names. Pure.
 */
const SERVICE = '_meshwright._udp.local';
const TXT_KEY = new TextEncoder().encode('d=');
/** A day. */
const TTL_MAX = 86_400;

export interface DnsQuestion {
  readonly name: string;
  readonly type: string;
}

export interface DnsRecord extends DnsQuestion {
  readonly ttl: number;
  readonly data: unknown;
  /** The record is this instance's alone, and replaces the one before (RFC 6762, section 10.2). */
  readonly flush?: boolean;
}

/** What is used of a packet as the library decodes it. Nothing of it is trusted. */
export interface DnsPacket {
  readonly type: 'query' | 'response';
  readonly opcode: string;
  readonly rcode: string;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

export type Question = Pick<DnsPacket, 'questions' | 'answers'>;
export type Answer = Pick<DnsPacket, 'answers' | 'additionals'>;

/** What a packet means for this node. */
export type LanReading =
  | { readonly type: 'query' }
  | { readonly type: 'announcement'; readonly bytes: Uint8Array; readonly ttlSeconds: number };

export class LanRecords {
  /** Stands in every packet about the topic. */
  readonly label: string;
  private readonly topicName: string;
  private readonly instanceName: string;

  /** `instance`: 1 to 63 letters and digits, unique on the link. */
  constructor(topic: string, instance: string) {
    this.label = `_${topic}`;
    this.topicName = `_${topic}._sub.${SERVICE}`;
    this.instanceName = `${instance}.${SERVICE}`;
  }

  /** With this node itself as an answer that is known already, so that it does not answer itself (RFC 6762, section 7.1). */
  question(ttlSeconds: number): Question {
    return { questions: [{ name: this.topicName, type: 'PTR' }], answers: [this.pointer(ttlSeconds)] };
  }

  answer(bytes: Uint8Array, ttlSeconds: number): Answer {
    const data = [Buffer.concat([TXT_KEY, bytes])];
    return {
      answers: [this.pointer(ttlSeconds)],
      additionals: [{ name: this.instanceName, type: 'TXT', ttl: ttlSeconds, data, flush: true }],
    };
  }

  read({ type, opcode, rcode, questions, answers, additionals }: DnsPacket): readonly LanReading[] {
    if (opcode !== 'QUERY' || rcode !== 'NOERROR') return [];
    const instances = new Set(answers.filter((record) => this.isPointer(record)).map(({ data }) => String(data).toLowerCase()));
    const isOwn = instances.has(this.instanceName);
    if (type === 'query') return !isOwn && questions.some((question) => this.isPointer(question)) ? [{ type: 'query' }] : [];
    instances.delete(this.instanceName);
    return [...answers, ...additionals].flatMap((record) => (instances.has(record.name.toLowerCase()) ? announcementIn(record) : []));
  }

  private pointer(ttl: number): DnsRecord {
    return { name: this.topicName, type: 'PTR', ttl, data: this.instanceName };
  }

  private isPointer({ name, type }: DnsQuestion): boolean {
    return (type === 'PTR' || type === 'ANY') && name.toLowerCase() === this.topicName;
  }
}

function announcementIn({ type, ttl, data }: DnsRecord): LanReading[] {
  const texts: readonly unknown[] = Array.isArray(data) ? data : [data];
  if (type !== 'TXT' || !(ttl >= 0)) return [];
  const text = texts.find((one): one is Uint8Array => one instanceof Uint8Array && TXT_KEY.every((byte, index) => one[index] === byte));
  return text === undefined
    ? []
    : [{ type: 'announcement', bytes: Uint8Array.from(text.subarray(TXT_KEY.length)), ttlSeconds: Math.min(ttl, TTL_MAX) }];
}
