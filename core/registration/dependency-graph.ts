/**
 * @module Dependency graph: who provides which token and who wants it. Finds what is missing, duplicate or circular, and an order in
 * which everything comes after what it injects. Pure: builds nothing and knows no container. Read next: `registry.ts`.
 */

import type { AnyClass } from '../api/descriptor.js';
import { NetworkBehavior } from '../api/network-behavior.js';
import { RouterTable } from '../api/router-table.js';
import { type ErrorCode, NetworkError } from '../errors.js';
import { OPTIONS, type Token, tokenName } from './injection.js';

/** A behaviour or a provider, as the graph sees it. */
export interface GraphNode {
  /** How texts name it. */
  readonly label: string;
  /** The token that it is registered under. */
  readonly token: Token;
  /** What its constructor or factory gets, in order. */
  readonly needs: readonly Token[];
  /** Whether it may inject `OPTIONS`. */
  readonly hasOptions: boolean;
}

/** One thing that is wrong with the registration. `text` names classes and tokens, and ends with the cure. */
export interface RegistrationFault {
  readonly code: ErrorCode;
  readonly text: string;
  readonly cure: string;
}

export function faultOf(code: ErrorCode, what: string, cure: string): RegistrationFault {
  return { code, text: `${what}; ${cure}`, cure };
}

/** Runs one check; a fault that it throws joins the others instead of ending the whole. */
export function collect<T>(faults: RegistrationFault[], check: () => T): T[] {
  try {
    return [check()];
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    faults.push({ code: error.code, text: error.message, cure: String(error.details['cure'] ?? '') });
    return [];
  }
}

/** The one error of all faults, with the code of the first. */
export function errorOf(faults: readonly [RegistrationFault, ...RegistrationFault[]]): NetworkError {
  const [first] = faults;
  const text = faults.length === 1 ? first.text : `${faults.length} faults:\n- ${faults.map((fault) => fault.text).join('\n- ')}`;
  return new NetworkError(first.code, text, { details: { faults } });
}

/** What the graph knows after the check. Meaningful only if no fault was found. */
export interface CheckedGraph<N extends GraphNode> {
  /** Dependencies first; what does not depend on each other keeps the order in which it was given. */
  readonly order: readonly N[];
  /** The nodes that one injects, directly. */
  dependenciesOf(node: N): readonly N[];
  /** What stands for a token; `undefined` for what the node itself provides, for what is unknown and for what is ambiguous. */
  providerOf(token: Token): N | undefined;
}

/** What is there beside the nodes of the graph. */
export interface Surroundings {
  /** The tokens that the node itself provides. */
  readonly given: ReadonlySet<Token>;
  /** Whether the application's container may resolve a token that nobody else provides. */
  readonly isElsewhere: (token: Token) => boolean;
}

/** Resolves every token that is wanted. Faults are added to `faults`. */
export function checkGraph<N extends GraphNode>(
  nodes: readonly N[],
  { given, isElsewhere }: Surroundings,
  faults: RegistrationFault[],
): CheckedGraph<N> {
  const index = indexOf(nodes, given, faults);
  const edges = new Map<N, readonly N[]>();
  for (const node of nodes) {
    const wanted = node.needs.filter(
      (token) => !isGiven(node, token, given) && !(candidates(token, index).length === 0 && isElsewhere(token)),
    );
    edges.set(node, wanted.map((token) => found(node, token, index, faults)).filter(isDefined));
  }
  const dependenciesOf = (node: N) => edges.get(node) ?? [];
  return { order: ordered(nodes, dependenciesOf, faults), dependenciesOf, providerOf: (token) => only(candidates(token, index)) };
}

interface TokenIndex<N> {
  readonly exact: ReadonlyMap<Token, N>;
  /** By the classes above a behaviour's own: a subclass may stand in for what others inject. */
  readonly above: ReadonlyMap<Token, readonly N[]>;
}

function indexOf<N extends GraphNode>(nodes: readonly N[], given: ReadonlySet<Token>, faults: RegistrationFault[]): TokenIndex<N> {
  const exact = new Map<Token, N>();
  const above = new Map<Token, N[]>();
  for (const node of nodes) {
    const other = given.has(node.token) || node.token === OPTIONS ? 'the node itself' : exact.get(node.token)?.label;
    if (other === undefined) exact.set(node.token, node);
    else faults.push(duplicate(node, other));
    for (const type of classesAbove(node.token)) above.set(type, [...(above.get(type) ?? []), node]);
  }
  return { exact, above };
}

/** The classes between a behaviour's own and `NetworkBehavior`; nothing for other tokens. */
function classesAbove(token: Token): AnyClass[] {
  if (!isBehaviorClass(token)) return [];
  const found: AnyClass[] = [];
  for (let level = Object.getPrototypeOf(token) as AnyClass; isBehaviorClass(level); level = Object.getPrototypeOf(level))
    found.push(level);
  return found;
}

/** Whether it is the class of a behaviour, `NetworkBehavior` itself excepted. */
export function isBehaviorClass(token: unknown): token is AnyClass<NetworkBehavior> {
  return typeof token === 'function' && token.prototype instanceof NetworkBehavior;
}

function isGiven(node: GraphNode, token: Token, given: ReadonlySet<Token>): boolean {
  return token === OPTIONS ? node.hasOptions : given.has(token);
}

function found<N extends GraphNode>(node: N, token: Token, index: TokenIndex<N>, faults: RegistrationFault[]): N | undefined {
  const providers = candidates(token, index);
  if (providers.length === 0) faults.push(missing(node, token));
  if (providers.length > 1) faults.push(ambiguous(node, token, providers));
  return only(providers);
}

function candidates<N>(token: Token, index: TokenIndex<N>): readonly N[] {
  const exact = index.exact.get(token);
  return exact === undefined ? (index.above.get(token) ?? []) : [exact];
}

function only<N>(nodes: readonly N[]): N | undefined {
  return nodes.length === 1 ? nodes[0] : undefined;
}

function isDefined<N>(node: N | undefined): node is N {
  return node !== undefined;
}

function ordered<N extends GraphNode>(nodes: readonly N[], dependenciesOf: (node: N) => readonly N[], faults: RegistrationFault[]): N[] {
  const order: N[] = [];
  const done = new Set<N>();
  const path: N[] = [];
  const visit = (node: N): void => {
    const start = path.indexOf(node);
    if (start >= 0) faults.push(circular([...path.slice(start), node]));
    if (start >= 0 || done.has(node)) return;
    path.push(node);
    dependenciesOf(node).forEach(visit);
    path.pop();
    done.add(node);
    order.push(node);
  };
  nodes.forEach(visit);
  return order;
}

function duplicate(node: GraphNode, other: string): RegistrationFault {
  return faultOf(
    'DEPENDENCY_DUPLICATE',
    `${tokenName(node.token)} is provided by ${other} and again by ${node.label}`,
    'remove all but one',
  );
}

function missing(node: GraphNode, token: Token): RegistrationFault {
  return faultOf('DEPENDENCY_MISSING', `${node.label} injects ${tokenName(token)}, which nobody provides`, cureOfMissing(token));
}

function cureOfMissing(token: Token): string {
  if (token === OPTIONS) return 'only behaviours have options: write it into the factory, or provide a token of your own';
  if (token === NetworkBehavior) return 'inject the class of one behaviour';
  if (isBehaviorClass(token)) return `add ${tokenName(token)} to behaviors, or take the injection out`;
  if (isRouterClass(token)) return 'inject RouterTable: it stands for the current table';
  return `add { token: ${tokenName(token)}, useValue: … } to provide`;
}

export function isRouterClass(token: Token): boolean {
  return typeof token === 'function' && token.prototype instanceof RouterTable;
}

function ambiguous(node: GraphNode, token: Token, providers: readonly GraphNode[]): RegistrationFault {
  const names = providers.map(({ label }) => label).join(' and ');
  return faultOf(
    'DEPENDENCY_DUPLICATE',
    `${node.label} injects ${tokenName(token)}, which ${names} both are`,
    'inject one of these classes',
  );
}

function circular(path: readonly GraphNode[]): RegistrationFault {
  const names = path.map(({ label }) => label).join(' -> ');
  return faultOf('BEHAVIOR_CYCLE', `a circle of injections: ${names}`, 'let one side use an event, a port or an rpc instead');
}
