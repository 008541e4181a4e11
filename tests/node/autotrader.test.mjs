// The auto-trader over REST: sessions and trades, exact to the last place.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { SERVICE, SESSIONS, assertSession, closeTrade, createSession, openTrade } from './lib/autotrader.mjs';
import { session, stopSession, trades } from './lib/autotrader.mjs';
import { Hub } from './lib/hub.mjs';
import { assertProblem, get, post, postJson, read } from './lib/rest.mjs';
import { quote } from './lib/trades.mjs';

/** An object without these members. */
function without(object, ...names) {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** The members of an object that `expected` has. */
function like(object, expected) {
  return Object.fromEntries(Object.keys(expected).map((name) => [name, object[name]]));
}

describe('a trading session over REST', { concurrency: true }, () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  it('begins with its capital and nothing else', async () => {
    const created = await createSession(hub, { name: 'Morning' });
    assert.deepEqual(without(created, 'sessionId', 'createdAt'), {
      name: 'Morning',
      status: 'ACTIVE',
      initialCapital: 50_000,
      currentCapital: 50_000,
      availableCapital: 50_000,
      totalPnL: 0,
      todayPnL: 0,
      totalTrades: 0,
      openTrades: 0,
      closedTrades: 0,
      winningTrades: 0,
      losingTrades: 0,
      winRate: 0,
      stoppedAt: null,
    });
    assert.deepEqual(await session(hub, created), created);
    const all = await read(hub, SESSIONS, SERVICE);
    all.forEach(assertSession);
    assert.deepEqual(
      all.filter(({ sessionId }) => sessionId === created.sessionId),
      [created],
    );
    assert.equal((await createSession(hub)).name, null);
  });

  it('counts what its trades earn: the documented example', async () => {
    const own = await createSession(hub);
    await quote(hub, { 'REST-NIFTY': 100, 'REST-BANKNIFTY': 195.25 });
    const won = await openTrade(hub, own, { symbol: 'REST-NIFTY', quantity: 50, stopLoss: '90' });
    const { sessionId } = own;
    assert.deepEqual(without(won, 'tradeId', 'openedAt'), {
      sessionId,
      symbol: 'REST-NIFTY',
      side: 'BUY',
      quantity: 50,
      status: 'OPEN',
      entryPrice: 100,
      stopLoss: 90,
      target: null,
      currentPrice: null,
      unrealizedPnL: null,
      exitPrice: null,
      pnl: null,
      pnlPercent: null,
      exitReason: null,
      closedAt: null,
    });
    let now = { currentCapital: 50_000, availableCapital: 45_000, totalTrades: 1, openTrades: 1, winRate: 0 };
    assert.deepEqual(like(await session(hub, own), now), now);
    const closed = await closeTrade(hub, won, 124.915);
    const exit = {
      status: 'CLOSED',
      exitPrice: 124.915,
      pnl: 1245.75,
      pnlPercent: 24.92,
      exitReason: 'MANUAL',
    };
    assert.deepEqual(like(closed, exit), exit);

    const open = await openTrade(hub, own, { symbol: 'REST-BANKNIFTY', quantity: 50 });
    await quote(hub, { 'REST-BANKNIFTY': 196.3 });
    const current = { currentPrice: 196.3, unrealizedPnL: 52.5, pnlPercent: 0.54 };
    assert.deepEqual(await trades(hub, own), [closed, { ...open, ...current }]);
    now = {
      currentCapital: 51_245.75,
      availableCapital: 51_245.75 - 9762.5,
      totalPnL: 1245.75,
      todayPnL: 1245.75,
      totalTrades: 2,
      openTrades: 1,
      closedTrades: 1,
      winningTrades: 1,
      losingTrades: 0,
      winRate: 100,
    };
    assert.deepEqual(like(await session(hub, own), now), now);
    const lost = await closeTrade(hub, open, '195');
    assert.deepEqual([lost.pnl, lost.pnlPercent], [-12.5, -0.13]);
    now = { currentCapital: 51_233.25, availableCapital: 51_233.25, losingTrades: 1, winRate: 50 };
    assert.deepEqual(like(await session(hub, own), now), now);
  });

  it('earns on the short side what the long side loses', async () => {
    const own = await createSession(hub);
    const order = { symbol: 'REST-SHORT', quantity: '2.5', side: 'sell', entryPrice: 200 };
    const short = await openTrade(hub, own, order);
    assert.deepEqual([short.side, (await session(hub, own)).availableCapital], ['SELL', 49_500]);
    await quote(hub, { 'REST-SHORT': 190 });
    const [{ unrealizedPnL, pnlPercent }] = await trades(hub, own);
    assert.deepEqual([unrealizedPnL, pnlPercent], [25, 5]);
    const { pnl, exitPrice } = await closeTrade(hub, short);
    assert.deepEqual([pnl, exitPrice], [25, 190], 'at the last price');
  });

  for (const [side, levels, price, reason, pnl] of [
    ['BUY', { stopLoss: 95, target: 110 }, 95, 'SL', -50],
    ['BUY', { stopLoss: 95, target: 110 }, 94.5, 'SL', -55],
    ['BUY', { stopLoss: 95, target: 110 }, 110, 'TARGET', 100],
    ['SELL', { stopLoss: 105, target: 90 }, 105.25, 'SL', -52.5],
    ['SELL', { stopLoss: 105, target: 90 }, 90, 'TARGET', 100],
  ]) {
    it(`ends a ${side} by itself at ${price}: ${reason}`, async () => {
      const symbol = `REST-${side}-${price}`;
      const own = await createSession(hub);
      await openTrade(hub, own, { symbol, quantity: 10, side, entryPrice: 100, ...levels });
      await quote(hub, { [symbol]: side === 'BUY' ? 95.01 : 104.99 });
      assert.equal((await trades(hub, own))[0].status, 'OPEN', 'short of the level');
      await quote(hub, { [symbol]: price });
      const expected = { status: 'CLOSED', exitPrice: price, exitReason: reason, pnl };
      assert.deepEqual(like((await trades(hub, own))[0], expected), expected);
      assert.equal((await session(hub, own)).currentCapital, 50_000 + pnl);
      await quote(hub, { [symbol]: 100 });
      assert.deepEqual(like((await trades(hub, own))[0], expected), expected, 'that is final');
    });
  }

  it('is stopped with its open trades at the last prices', async () => {
    const own = await createSession(hub);
    await quote(hub, { 'REST-STOP': 10 });
    await openTrade(hub, own, { symbol: 'REST-STOP', quantity: 3 });
    await quote(hub, { 'REST-STOP': 12 });
    const stopped = await stopSession(hub, own);
    const expected = {
      status: 'STOPPED',
      totalPnL: 6,
      openTrades: 0,
      closedTrades: 1,
      currentCapital: 50_006,
    };
    assert.deepEqual(like(stopped, expected), expected);
    assert.deepEqual(await session(hub, own), stopped);
    const [{ exitReason, exitPrice }] = await trades(hub, own);
    assert.deepEqual([exitReason, exitPrice], ['MANUAL', 12]);
    const path = `${SESSIONS}/${own.sessionId}`;
    for (const [to, body] of [
      ['trades', { symbol: 'REST-STOP', quantity: 1 }],
      ['stop', {}],
    ]) {
      assertProblem(await postJson(hub, `${path}/${to}`, body, SERVICE), 422, /STOPPED/);
    }
  });

  it('does once what is asked for twice with one requestId', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    const own = await createSession(hub, { requestId: one });
    assert.deepEqual(await createSession(hub, { requestId: one }), own);
    const order = { symbol: 'REST-TWICE', quantity: 1, entryPrice: 5, requestId: two };
    assert.deepEqual(await openTrade(hub, own, order), await openTrade(hub, own, order));
    assert.equal((await session(hub, own)).totalTrades, 1);
    const other = await postJson(hub, SESSIONS, { initialCapital: 1, requestId: one }, SERVICE);
    assertProblem(other, 422, /requestId/);
  });
});

describe('what the auto-trader can not do', () => {
  let hub;
  let closed;
  before(async () => {
    hub = await Hub.start();
    const own = await createSession(hub, { initialCapital: '100' });
    closed = await openTrade(hub, own, { symbol: 'X', quantity: 1, entryPrice: 1 });
    await closeTrade(hub, closed, 1);
  });
  after(() => hub?.stop());

  const ORDER = { symbol: 'X', quantity: 1, entryPrice: 1 };
  for (const [path, body, field] of [
    ['sessions', {}, 'initialCapital'],
    ['sessions', { initialCapital: 0 }, 'initialCapital'],
    ['sessions', { initialCapital: 'NaN' }, 'initialCapital'],
    ['sessions/1/trades', { ...ORDER, symbol: '' }, 'symbol'],
    ['sessions/1/trades', { ...ORDER, quantity: -1 }, 'quantity'],
    ['sessions/1/trades', { ...ORDER, quantity: 101 }, 'quantity'],
    ['sessions/1/trades', { ...ORDER, side: 'HOLD' }, 'side'],
    ['sessions/1/trades', { ...ORDER, stopLoss: 2 }, 'stopLoss'],
    ['sessions/1/trades', { ...ORDER, target: 1 }, 'target'],
    ['sessions/1/trades', { symbol: 'NEVER-PRICED', quantity: 1 }, 'entryPrice'],
    ['sessions/1/trades', { ...ORDER, requestId: 'x' }, 'requestId'],
    ['trades/1/close', { price: 'x' }, 'price'],
  ]) {
    it(`is refused by the name of the field: ${path} ${JSON.stringify(body)}`, async () => {
      const answer = await postJson(hub, `/api/auto-trader/${path}`, body, SERVICE);
      assertProblem(answer, 422, new RegExp(field));
      assert.equal(answer.body.field, field);
    });
  }

  for (const [path, body, status, detail] of [
    ['sessions', '', 400, /./],
    ['sessions', '{', 400, /./],
    ['sessions', '[{"initialCapital":1}]', 400, /object/],
    ['sessions/99/trades', JSON.stringify(ORDER), 404, /99/],
    ['sessions/one/trades', JSON.stringify(ORDER), 404, /one/],
    ['sessions/99/stop', '{}', 404, /99/],
    ['trades/99/close', '{}', 404, /99/],
    ['trades/1/close', '{}', 422, /trade 1 is CLOSED/],
  ]) {
    it(`is answered with ${status}: ${path} ${body}`, async () => {
      const type = { 'content-type': 'application/json' };
      assertProblem(await post(hub, `/api/auto-trader/${path}`, body, type, SERVICE), status, detail);
    });
  }

  for (const path of ['sessions/99', 'sessions/99/trades', 'sessions/x', 'trades']) {
    it(`is found nowhere: ${path}`, async () => {
      assertProblem(await get(hub, `/api/auto-trader/${path}`, SERVICE), 404, /./);
    });
  }

  it('leaves no trace', async () => {
    const [own, ...others] = await read(hub, SESSIONS, SERVICE);
    assert.deepEqual([own.totalTrades, own.currentCapital, others.length], [1, 100, 0]);
  });
});
