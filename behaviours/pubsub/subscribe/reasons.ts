/**
 * @module Reasons: why messages of a publisher do not come, in words.
 */
const REASONS: Readonly<Record<string, string>> = {
  'no-publisher': 'it does not, by its own word',
  ended: 'it has ended',
  'no-route': 'there is no path to it',
  forbidden: 'it does not let this node have them, or a node on the path',
  PUBSUB_FORBIDDEN: 'it does not let this node have them',
  loop: 'the paths to it go in a circle',
  overloaded: 'limit feedsMax or feedsPerNeighbourMax of a node on the path is reached (options of its pubsub behaviour)',
  unknown: 'a node on the path has forgotten it',
  PUBSUB_UNPROVEN: 'what it hands out is not signed by it, or not lately',
  PUBSUB_NO_TOPIC: 'it does not, by its own word',
  LIMIT_EXCEEDED: 'limit MEMBERS_MAX or MEMBERS_PER_NODE_MAX of its topic is reached',
};

export function reasonText(reason = 'no-route'): string {
  return REASONS[reason] ?? reason;
}
