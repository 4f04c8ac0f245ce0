/** @module Tests of KeptAnswers: what a flood of relayed requests makes a node keep. */
import { expect } from 'chai';
import { KeptAnswers } from '../../../../core/kits/exchange/kept-answers.js';
import { EXCHANGE_LIMITS } from '../../../../core/kits/exchange/limits.js';
import { Peer, type Peers } from '../../../../core/kits/exchange/peers.js';
import type { ExchangeAgent } from '../../../../core/kits/exchange/port.js';
import { type NodeId, toNode } from '../../../../index.js';

const MIB = 1_048_576;

describe('answers that are kept', () => {
  it('kind 14, row 102: are so many at most, and leave no garbage that grows old', () => {
    const answers = new KeptAnswers({ nextHopTo: () => 1 } as unknown as Peers, { answersResent: 0, answersLost: 0 });
    const agent = { nowMs: 0, send: () => 'queued' } as unknown as ExchangeAgent;
    const flood = (count: number) => {
      for (let idLow = 0; idLow < count; idLow++) {
        const nodeId = idLow.toString(16).padStart(64, '0') as NodeId;
        answers.send(agent, { peer: new Peer(toNode(nodeId), nodeId, false, undefined), idHigh: count, idLow }, 0, new Uint8Array(200));
        if (idLow % 1_000 === 0) global.gc?.({ type: 'minor' });
      }
      return process.memoryUsage().heapUsed;
    };
    flood(5_000);
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    expect(flood(20_000) - before).to.be.below(8 * MIB);
    expect(answers.size).to.equal(EXCHANGE_LIMITS.keptAnswersMax);
  });
});
