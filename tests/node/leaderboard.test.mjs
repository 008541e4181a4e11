// `/ws/updates`: who stands where, told when it changes.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { assertMessage, assertRanked, folded, portfolio, score, scores, v5 } from './lib/leaderboard.mjs';
import { NativePeer } from './lib/native.mjs';
import { ingestOk } from './lib/rest.mjs';
import { purchase, quote, sale, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

/** From one message on change to the next, and from one repeated snapshot to the next. */
const ON_CHANGE_MS = 250;
const SNAPSHOT_MS = 30_000;

const [A, B, C] = ['a', 'b', 'c'].map(portfolio);

/** `t`'s own hub, in which these scores were reached one after the other. */
async function start(t, ranked, settings) {
  const hub = await Hub.start({ settings });
  t.after(() => hub.stop());
  await score(hub, ranked);
  return hub;
}

/** `t`'s own socket. */
async function connect(t, hub, query = '') {
  const peer = await NativePeer.connect(hub.ws(`/ws/updates${query}`, 'leaderboard'));
  t.after(() => peer.close());
  return peer;
}

/** Waits until what came adds up to these scores. */
function shows(peer, expected) {
  return waitFor(() => {
    assert.equal(scores(folded(peer.messages)), expected);
    return true;
  }, 'the ranking');
}

/** The first message of `t`'s own socket. */
async function first(t, hub, query) {
  const peer = await connect(t, hub, query);
  return waitFor(() => peer.messages[0], 'a message');
}

describe('/ws/updates', { concurrency: true }, () => {
  it('of vector V5 shows 115, with the name and all that the portfolio has earned', async (t) => {
    const hub = await start(t, '');
    await ingestOk(hub, 'portfolios', [{ portfolioId: A, name: 'Growth "A"' }]);
    await trade(hub, purchase(A, 'AAPL', { quantity: 10, price: 10 }));
    await trade(hub, sale(A, 'AAPL', { quantity: 4, price: 12.5 }));
    await quote(hub, { AAPL: 10.25 });
    await ingestOk(hub, 'risk', [v5(A.toUpperCase())]);
    const spelled = { avg_rate_of_return: '-0.008819639682769775', sharpe_ratio: 0, sortino_ratio: '0' };
    await ingestOk(hub, 'risk', [{ portfolio_id: B, ...spelled }]);
    // What has been published when a socket opens may be a little less.
    const { data } = await waitFor(async () => {
      const message = await first(t, hub);
      assert.equal(message.type, 'snapshot');
      assertMessage(message);
      assert.equal(message.data.total, 2);
      return message;
    }, 'a snapshot of both');
    const rows = data.entries.map(({ updatedAt, updated, ...entry }) => entry);
    assert.deepEqual(rows, [
      {
        rank: 1,
        portfolioId: A,
        portfolioName: 'Growth "A"',
        pnl: 10 + 1.5,
        compositeScore: 115,
        avgReturn: 0.5,
        sharpe: 2,
        sortino: 1.5,
      },
      {
        rank: 2,
        portfolioId: B,
        portfolioName: null,
        pnl: null,
        compositeScore: -0.44098198413848875,
        avgReturn: -0.008819639682769775,
        sharpe: 0,
        sortino: 0,
      },
    ]);
  });

  it('sends a snapshot first, then the rows that changed and nothing else', async (t) => {
    const hub = await start(t, 'a30 b20 c10');
    const peer = await connect(t, hub);
    await shows(peer, 'a30 b20 c10');
    assert.equal(peer.messages[0].type, 'snapshot');
    for (const [change, ranking, entries] of [
      ['c25', 'a30 c25 b20', 'c25 b20'],
      ['d5', 'a30 c25 b20 d5', 'd5'],
      ['a31', 'a31 c25 b20 d5', 'a31'],
      ['d100', 'd100 a31 c25 b20', 'd100 a31 c25 b20'],
    ]) {
      const seen = peer.messages.length;
      await score(hub, change);
      await shows(peer, ranking);
      assert.equal(peer.messages.length, seen + 1, 'one change is one message');
      const { type, data } = peer.messages.at(-1);
      assert.deepEqual([type, scores(data.entries), data.removed], ['update', entries, []]);
    }
    await ingestOk(hub, 'portfolios', [{ portfolioId: B, name: 'Income' }]);
    await waitFor(() => folded(peer.messages).at(-1).portfolioName === 'Income', 'the new name');
    assert.equal(scores(peer.messages.at(-1).data.entries), 'b20');
    peer.messages.forEach(assertMessage);
    assertRanked(folded(peer.messages));
  });

  it('does not send what only prices have changed', async (t) => {
    const hub = await start(t, 'a30');
    await trade(hub, purchase(A, 'AAPL', { quantity: 1, price: 10 }));
    await quote(hub, { AAPL: 11 });
    const peer = await connect(t, hub);
    await shows(peer, 'a30');
    const seen = peer.messages.length;
    await quote(hub, { AAPL: 12 });
    await score(hub, 'b20');
    await shows(peer, 'a30 b20');
    assert.equal(peer.messages.length, seen + 1);
    const { entries } = await waitFor(async () => {
      const { data } = await first(t, hub);
      assert.equal(data.entries[0].pnl, 2);
      return data;
    }, 'the P&L of now, on a new socket');
    assert.equal(entries[1].pnl, null);
  });

  it('tells who left the top that was asked for', async (t) => {
    const hub = await start(t, 'a30 b20 c10');
    const peer = await connect(t, hub, '?limit=2');
    await shows(peer, 'a30 b20');
    await score(hub, 'c25');
    await shows(peer, 'a30 c25');
    assert.deepEqual(peer.messages.at(-1).data.removed, [B]);
    const seen = peer.messages.length;
    await score(hub, 'd1 b40');
    await shows(peer, 'b40 a30');
    assert.deepEqual(peer.messages.at(-1).data.removed, [C]);
    assert.equal(peer.messages.length, seen + 1, 'what is below the top is not told');
    const { data } = await first(t, hub, '?limit=1');
    assert.deepEqual([scores(data.entries), data.total], ['b40', 4]);
  });

  it('ranks by score, then by who reached it first, and nobody moves when nothing changes', async (t) => {
    const hub = await start(t, 'c20 a20 b20 d1');
    const peer = await connect(t, hub);
    await shows(peer, 'c20 a20 b20 d1');
    const [before, seen] = [folded(peer.messages), peer.messages.length];
    await score(hub, 'c20 b20 a20');
    // The same score by other metrics keeps its place, too.
    await ingestOk(hub, 'risk', [{ portfolioId: C, avgRateOfReturn: 0, sharpeRatio: 0, sortinoRatio: 1 }]);
    await waitFor(() => folded(peer.messages)[0].sortino === 1, 'the other metrics');
    assert.equal(scores(folded(peer.messages)), 'c20 a20 b20 d1');
    assert.deepEqual([peer.messages.length, folded(peer.messages).slice(1)], [seen + 1, before.slice(1)]);
    // Who had less in between was not first any more.
    await score(hub, 'c19 c20');
    await shows(peer, 'a20 b20 c20 d1');
  });

  it('sends at most four updates a second, and the last state at the end', async (t) => {
    const hub = await start(t, 'a1');
    const peer = await connect(t, hub);
    let last = 1;
    await waitFor(async () => {
      await score(hub, `a${++last}`);
      return peer.of('update').length >= 8;
    }, 'eight updates');
    await shows(peer, `a${last}`);
    const at = peer.arrivals.slice(-8);
    const ms = at.at(-1) - at[0];
    // Half of it: on a loaded machine the first of them may come late.
    assert.ok(ms >= ((at.length - 1) * ON_CHANGE_MS) / 2, `${at.length} updates in ${ms} ms`);
  });

  it('repeats the snapshot every 30 s', async (t) => {
    const hub = await start(t, 'a1');
    const peer = await connect(t, hub);
    await waitFor(() => peer.of('snapshot').length >= 2, 'the second snapshot', SNAPSHOT_MS + 10_000);
    const ms = peer.arrivals.at(-1) - peer.arrivals[0];
    assert.ok(ms >= SNAPSHOT_MS / 2, `after ${ms} ms`);
    assert.equal(scores(peer.of('snapshot')[1].data.entries), 'a1');
  });
});

describe('on /ws/updates', () => {
  it('a resume after kill -9 and a restart gets exactly what changed', async (t) => {
    const hub = await start(t, 'a30 b20 c10 d5');
    const left = await connect(t, hub, '?limit=3');
    await shows(left, 'a30 b20 c10');
    const { resume } = left.messages.at(-1);
    await hub.kill9();
    await hub.restart();
    await score(hub, 'd25');
    await shows(await connect(t, hub, '?limit=3'), 'a30 d25 b20');
    const back = await first(t, hub, `?limit=3&resume=${resume}`);
    assertMessage(back);
    assert.deepEqual([back.type, scores(back.data.entries), back.data.removed], ['update', 'd25 b20', [C]]);
    const { type, data } = await first(t, hub, `?limit=3&resume=${back.resume}`);
    assert.deepEqual([type, data.entries, data.removed], ['update', [], []]);
  });

  it('a resume that can not be honoured is answered by a snapshot that says why', async (t) => {
    const hub = await start(t, 'a1');
    const peer = await connect(t, hub);
    await shows(peer, 'a1');
    const [epoch, offset] = peer.messages.at(-1).resume.split('-');
    for (const [resume, reason] of [
      ['0123456789abcdef-1', 'unknown-epoch'],
      [`${epoch}-${Number(offset) + 1_000_000}`, 'unknown-position'],
    ]) {
      const { type, data, snapshot } = await first(t, hub, `?resume=${resume}`);
      assert.deepEqual([type, snapshot, scores(data.entries)], ['snapshot', reason, 'a1']);
    }
  });

  for (const [how, query, settings] of [
    ['?dialect=pms', '?dialect=pms', {}],
    ['leaderboard.dialect = "pms"', '', { 'leaderboard.dialect': 'pms' }],
  ]) {
    it(`${how} speaks as the deployed frontend reads it`, async (t) => {
      const hub = await start(t, 'a3', settings);
      const peer = await connect(t, hub, query);
      const newest = (expected) =>
        waitFor(() => {
          const message = peer.messages.at(-1);
          assert.equal(message && scores(message.top), expected);
          return message;
        }, 'the rows');
      await newest('a3');
      await score(hub, 'b4');
      const { event, timestamp, ...rest } = await newest('b4 a3');
      assert.equal(event, 'leaderboardSnapshot');
      assert.ok(Math.abs(timestamp - Date.now()) < 60_000, `milliseconds: ${timestamp}`);
      assert.deepEqual(Object.keys(rest), ['top']);
      assertRanked(rest.top);
      assert.equal((await first(t, hub, '?dialect=native')).type, 'snapshot');
    });
  }
});
