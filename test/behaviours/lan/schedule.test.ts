/** @module Tests of when LAN discovery asks and tells. */
import { expect } from 'chai';
import { LAN_TIMES, Schedule } from '../../../behaviours/lan/schedule.js';
import { seededRandom } from '../../../testing/index.js';

const MINUTE_MS = 60_000;

/** What is done until then, as times; `asks` are questions of others. */
function run(schedule: Schedule, untilMs: number, asks: readonly number[] = []): { asked: number[]; told: number[] } {
  const [asked, told, waiting]: [number[], number[], number[]] = [[], [], [...asks]];
  for (let nowMs = 0; nowMs < untilMs; ) {
    nowMs = Math.min(schedule.nextDueMs, waiting[0] ?? Number.POSITIVE_INFINITY);
    if (nowMs >= untilMs) break;
    if (waiting[0] === nowMs) schedule.queryReceived(waiting.shift() as number);
    if (schedule.takeQuery(nowMs)) asked.push(nowMs);
    if (schedule.takeAnnouncement(nowMs)) told.push(nowMs);
  }
  return { asked, told };
}

describe('the schedule of LAN discovery', () => {
  let schedule: Schedule;
  beforeEach(() => {
    schedule = new Schedule(seededRandom('schedule'));
  });

  it('does nothing before it is started', () => {
    expect(schedule.nextDueMs).to.equal(Number.POSITIVE_INFINITY);
    expect([schedule.takeQuery(1e9), schedule.takeAnnouncement(1e9)]).to.deep.equal([false, false]);
  });

  it('asks soon, then in waits that grow threefold to five minutes', () => {
    schedule.restart(0);
    const { asked } = run(schedule, 60 * MINUTE_MS);
    expect(asked[0]).to.be.within(LAN_TIMES.soonMinMs, LAN_TIMES.soonMaxMs);
    const waits = asked.slice(1).map((atMs, index) => atMs - (asked[index] as number));
    [1_000, 3_000, 9_000, 27_000, 81_000, 243_000, 300_000, 300_000].forEach((meanMs, index) => {
      expect(waits[index], `wait ${index}`).to.be.within(meanMs * 0.75, meanMs * 1.25);
    });
    expect(asked.length).to.be.at.most(19);
  });

  it('tells twice, a second apart, and then only when asked', () => {
    schedule.restart(0);
    const { told } = run(schedule, 60 * MINUTE_MS);
    expect(told).to.have.length(LAN_TIMES.unaskedCount);
    expect(told[0]).to.be.within(LAN_TIMES.soonMinMs, LAN_TIMES.soonMaxMs);
    expect((told[1] as number) - (told[0] as number)).to.be.at.least(LAN_TIMES.announceGapMs - 0.001);
  });

  it('answers soon, and at most once a second whoever asks how often', () => {
    schedule.restart(0);
    run(schedule, 5_000);
    const flood = Array.from({ length: 1_000 }, (_, index) => 10_000 + index * 10);
    const { told } = run(schedule, 30_000, flood);
    expect(told[0]).to.be.within(10_000 + LAN_TIMES.soonMinMs, 10_000 + LAN_TIMES.soonMaxMs);
    expect(told.length).to.be.within(9, 12);
    const gaps = told.slice(1).map((atMs, index) => atMs - (told[index] as number));
    expect(Math.min(...gaps)).to.be.at.least(LAN_TIMES.announceGapMs - 0.001);
  });

  it('lets the question of another stand for its own, but not for longer than an hour', () => {
    schedule.restart(0);
    const everyMinute = Array.from({ length: 3 * 60 }, (_, index) => MINUTE_MS * (index + 1));
    const { asked } = run(schedule, 3 * 60 * MINUTE_MS, everyMinute);
    const late = asked.filter((atMs) => atMs > 10 * MINUTE_MS);
    expect(late.length).to.be.within(1, 3);
    expect(late[0]).to.be.at.least(60 * MINUTE_MS);
  });
});
