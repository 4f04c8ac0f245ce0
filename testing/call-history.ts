/**
 * @module CallHistory: judges a recorded history of calls by what docs/rpc.md promises of them. A test records when each call was made, handled and
 * settled, as it sees it; whoever makes, handles and settles calls is not looked into. The test gives each call a number that its request carries.
 *
 * A violation is: a call that is not settled, or twice, or after its deadline; one that a node has handled twice, or that two nodes have, or that was
 * handled before it was made; an answer that nobody has given; and one that was handled although its failure says that it was not.
 */

/** A call as it was made. */
export interface MadeCall {
  readonly call: number;
  readonly atMs: number;
  readonly timeoutMs: number;
  /** It may be done twice, by several nodes. */
  readonly isIdempotent?: boolean;
}

/** A node has handled a call, and what it answers. */
export interface HandledCall {
  readonly call: number;
  readonly atMs: number;
  readonly node: string;
  readonly answer: unknown;
}

/** The end of a call: its answer, or the code of its failure. */
export interface SettledCall {
  readonly call: number;
  readonly atMs: number;
  readonly code: string;
  readonly answer?: unknown;
}

/** After these the call was not handled. */
const NOT_HANDLED: ReadonlySet<string> = new Set([
  ...['RPC_UNREACHABLE', 'RPC_NO_HANDLER', 'RPC_METHOD_UNKNOWN', 'RPC_OVERLOADED', 'RPC_ABSENT', 'SCHEMA_MISMATCH'],
  ...['LIMIT_EXCEEDED', 'CODEC_UNENCODABLE', 'ARGUMENT_INVALID', 'NOT_STARTED', 'STREAMS_ABSENT'],
]);

interface Story {
  readonly made: MadeCall;
  readonly handled: HandledCall[];
  readonly settled: SettledCall[];
}

export class CallHistory {
  private readonly stories = new Map<number, Story>();
  private readonly strays: HandledCall[] = [];

  /** `graceMs`: how much later than its deadline a call may be settled, for what promises and timers take. */
  constructor(private readonly graceMs = 0) {}

  /** Calls that were made. */
  get size(): number {
    return this.stories.size;
  }

  made(made: MadeCall): void {
    this.stories.set(made.call, { made, handled: [], settled: [] });
  }

  handled(handled: HandledCall): void {
    const story = this.stories.get(handled.call);
    if (story === undefined) this.strays.push(handled);
    else story.handled.push(handled);
  }

  settled(settled: SettledCall): void {
    this.stories.get(settled.call)?.settled.push(settled);
  }

  /** How many calls ended with each code. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { settled } of this.stories.values()) for (const { code } of settled) counts.set(code, (counts.get(code) ?? 0) + 1);
    return counts;
  }

  /** What is against the contract, in words; empty when nothing is. Asked at the end, when all deadlines have passed. */
  violations(): readonly string[] {
    const found = this.strays.map(({ call, node }) => `call ${call} was handled by ${node} before it was made`);
    for (const story of this.stories.values()) {
      const { call } = story.made;
      for (const text of [...this.endingFlaws(story), ...handlingFlaws(story), ...answerFlaws(story)]) found.push(`call ${call} ${text}`);
    }
    return found;
  }

  private *endingFlaws({ made, settled }: Story): Generator<string> {
    if (settled.length === 0) yield 'was never settled';
    if (settled.length > 1) yield `was settled ${settled.length} times: ${settled.map(({ code }) => code).join(', ')}`;
    for (const { atMs } of settled) {
      const lateMs = atMs - made.atMs - made.timeoutMs;
      if (lateMs > this.graceMs) yield `was settled ${Math.ceil(lateMs)} ms after its deadline`;
    }
  }
}

function* handlingFlaws({ made, handled }: Story): Generator<string> {
  const nodes = handled.map(({ node }) => node);
  for (const node of new Set(nodes)) {
    const count = nodes.filter((other) => other === node).length;
    if (count > 1) yield `was handled ${count} times by ${node}`;
  }
  if (made.isIdempotent !== true && new Set(nodes).size > 1) yield `was handled by ${new Set(nodes).size} nodes`;
}

function* answerFlaws({ handled, settled }: Story): Generator<string> {
  for (const { code, answer, atMs } of settled) {
    if (NOT_HANDLED.has(code) && handled.length > 0) yield `was handled, and failed with ${code}`;
    if (code !== 'ok') continue;
    const isGiven = handled.some((one) => one.atMs <= atMs && one.answer === answer);
    if (!isGiven) yield handled.length === 0 ? 'was answered, but not handled' : `has an answer that nobody gave: ${String(answer)}`;
  }
}
