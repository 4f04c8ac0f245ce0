/**
 * @module ControlSocket: what fills the core's control port on Node: a local socket for the programs of the user that runs the node. It has a
 * bound number of programs, each with one request at a time, and keeps no process alive.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type ControlFacts, type ControlledNode, type ControlPort, type GivenControl, NetworkError } from '../../core/index.js';
import { CLIENTS_MAX, failureLine } from './messages.js';
import { handlerOf } from './methods/index.js';
import { Troubles } from './methods/troubles.js';
import { ControlSession, type SessionPorts } from './session.js';
import { listenAt } from './socket-file.js';
import { controlPathOf, makeSharedDirectory, sharedDirectory } from './socket-path.js';

export class ControlSocket implements ControlPort {
  readonly path: string;
  private readonly sessions = new Set<ControlSession>();
  private readonly troubles: Troubles;
  private server: Server | undefined;
  private release = () => {};
  private isClosed = false;

  constructor(
    private readonly options: GivenControl,
    private readonly facts: ControlFacts,
  ) {
    if (process.platform === 'win32') {
      const text = 'createNode: option control cannot be used here: Windows has no sockets that are one user’s alone';
      throw new NetworkError('OPTION_INVALID', text, { details: { option: 'control' } });
    }
    this.path = controlPathOf(options.path, facts);
    this.troubles = new Troubles(facts.clock);
  }

  async open(node: ControlledNode): Promise<void> {
    const { allow = [] } = this.options;
    const { timers, clock } = this.facts;
    this.release = this.troubles.watch(node);
    const handle = handlerOf({ node, facts: this.facts, allow, troubles: this.troubles, openedMs: clock.nowMs(), path: this.path });
    const server = createServer({ allowHalfOpen: true }, (socket) => this.accept(socket, { timers, handle }));
    if (dirname(this.path) === sharedDirectory()) makeSharedDirectory();
    await listenAt(server, this.path);
    server.on('error', (err) => this.facts.log.warn({ err }, 'the control socket takes nobody any more'));
    server.unref();
    this.server = server;
    if (this.isClosed) this.close();
  }

  close(): void {
    this.isClosed = true;
    this.release();
    this.server?.close();
    for (const session of this.sessions) session.close();
    this.server = undefined;
  }

  private accept(socket: Socket, ports: SessionPorts): void {
    if (this.sessions.size >= CLIENTS_MAX) {
      const text = `${CLIENTS_MAX} programs are connected to the control socket; there may be no more`;
      const details = { limit: 'controlClients', current: this.sessions.size, maximum: CLIENTS_MAX };
      socket.on('error', () => {});
      socket.end(failureLine(null, new NetworkError('LIMIT_EXCEEDED', text, { details })), () => socket.destroy());
      return;
    }
    socket.unref();
    const session = new ControlSession(socket, ports);
    this.sessions.add(session);
    socket.on('close', () => this.sessions.delete(session));
  }
}
