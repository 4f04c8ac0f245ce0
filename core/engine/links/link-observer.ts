/**
 * @module LinkObserver: who has to know that a link opened or ended. `network.ts` holds the one list; each of its members is called in its
 * order, at `opening`, then at `opened`, then at `ended`:
 *
 *   1. the router table (up, services; down)
 *   2. what behaviours see of links (opened: connected, `onOpened`; ended: `onClosed`, disconnected)
 *   3. liveness (opening: watches; opened: reports what is measured already)
 *   4. the application (`connected`; `disconnected` or `refused`)
 *   5. the dialer (opening, ended: settles attempts)
 *   6. duplicates (ended: a link that was held back goes on), and the log of keys that two processes use (ended)
 *   7. the keeper (opening, ended: keeps, dials again)
 *   8. the application's own messages (ended: nobody waits for room on it)
 *   9. handshakes (opening, ended: the slot goes to the next that waits)
 *  10. how this node can be reached (opening, ended)
 *  11. datagrams (opening: each service has a sequence of its own; opened: what came early is read; ended: a new initiation begins a new link)
 *  12. hand-overs (ended: channels that wait for one go on as they can), and dials that lead to them (opened, ended)
 */
import type { Connection } from '../../api/events.js';
import type { CloseReason } from '../../errors.js';
import type { EngineContext } from '../context.js';
import type { RouterFacade } from '../router-facade.js';
import type { Link } from './link.js';

export interface LinkObserver {
  /** The link is open, and no behaviour but gates has seen it. */
  opening?(link: Link): void;
  /** Everybody has taken it in: behaviours see it now. */
  opened?(link: Link): void;
  /** It has ended for authors; `link.hasOpened`: it was open. */
  ended?(link: Link, reason: CloseReason): void;
}

/** Keeps the router table informed. */
export function routerObserver(router: RouterFacade): LinkObserver {
  return {
    opening: (link) => {
      router.linkUp(link.id, (link.connection as Connection).nodeId);
      router.linkServices(link.id, link.remoteServices);
    },
    ended: (link) => {
      if (link.hasOpened) router.linkDown(link.id);
    },
  };
}

/** Keeps the application informed. */
export function eventObserver({ options, metrics }: EngineContext): LinkObserver {
  return {
    opened: (link) => options.emit('connected', link.connection as Connection),
    ended: (link, reason) => {
      const { id, nodeId, connection, remoteAddress } = link;
      if (link.hasOpened) {
        metrics.closed.value++;
        options.emit('disconnected', { connection: connection as Connection, reason });
      } else if (link.direction === 'incoming' || connection !== undefined) {
        metrics.refused.value++;
        options.emit('refused', { connectionId: id, nodeId, remoteAddress, reason });
      }
    },
  };
}
