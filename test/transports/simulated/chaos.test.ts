/** @module Everything at once: after any trouble all nodes are connected again, once each, on sessions that both sides know. */
import { chaos } from './chaos.js';

describe('chaos', () => {
  it('nodes that are to stay connected are so again after 25 troubles of all kinds, with eight seeds; the campaign has 1,000', async () => {
    for (let seed = 0; seed < 8; seed++) await chaos(seed);
  });
});
