// `/ws/auto-trader`: the documented messages, when they are due.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { SERVICE, assertMessage, closeTrade, createSession, openTrade } from './lib/autotrader.mjs';
import { stopSession } from './lib/autotrader.mjs';
import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { quote } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const PATH = '/ws/auto-trader';

/** From one round of a session's numbers to the next. */
const PERIOD_MS = 2000;

/** An object without its `timestamp`, which is now or nearly so. */
function untimed({ timestamp, ...rest }) {
  assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000, timestamp);
  return rest;
}

describe('/ws/auto-trader', { concurrency: true }, () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  /** `t`'s own socket, all of whose messages have a documented shape in the end. */
  async function connect(t) {
    const peer = await NativePeer.connect(hub.ws(PATH, SERVICE));
    t.after(async () => {
      await peer.close();
      peer.messages.forEach(assertMessage);
    });
    return peer;
  }

  /** One that follows a session. */
  async function following(t, { sessionId }) {
    const peer = await connect(t);
    peer.send({ type: 'subscribe_session', sessionId });
    await waitFor(() => peer.of('session_update').length > 0, 'the session, at once');
    return peer;
  }

  /** Waits for the next message of a type after `seen` of them. */
  async function next(peer, type, seen = 0) {
    await waitFor(() => peer.of(type).length > seen, type);
    return untimed(peer.of(type)[seen].data);
  }

  it('sends nothing by itself, answers ping with pong, and takes auth in silence', async (t) => {
    const own = await createSession(hub);
    const peer = await connect(t);
    peer.send({ type: 'auth', token: 'whatever' });
    await openTrade(hub, own, { symbol: 'SILENT', quantity: 1, entryPrice: 1 });
    assert.deepEqual(await peer.pinged(0), []);
    assert.deepEqual(peer.messages, [{ type: 'pong' }]);
  });

  it("sends a session's numbers at once and every 2 s: the documented example", async (t) => {
    const own = await createSession(hub);
    const { sessionId } = own;
    await closeTrade(
      hub,
      await openTrade(hub, own, { symbol: 'DOC-NIFTY', quantity: 50, entryPrice: 100 }),
      124.915,
    );
    await quote(hub, { 'DOC-BANKNIFTY': 195.25 });
    const { tradeId } = await openTrade(hub, own, { symbol: 'DOC-BANKNIFTY', quantity: 50 });
    await quote(hub, { 'DOC-BANKNIFTY': 196.3 });
    const peer = await following(t, own);
    await waitFor(
      () => peer.of('session_update').length >= 2 && peer.of('pnl_update').length >= 2,
      'two rounds',
    );
    const [one, two] = peer.messages.flatMap(({ type }, index) => (type === 'pnl_update' ? [index] : []));
    const ms = peer.arrivals[two] - peer.arrivals[one];
    assert.ok(ms >= PERIOD_MS / 2, `again after ${ms} ms`);
    for (const { data } of peer.of('session_update')) {
      assert.deepEqual(untimed(data), {
        sessionId,
        currentCapital: 51_245.75,
        totalPnL: 1245.75,
        todayPnL: 1245.75,
        totalTrades: 2,
        winRate: 100,
        status: 'ACTIVE',
        winningTrades: 1,
        losingTrades: 0,
      });
    }
    for (const { data } of peer.of('pnl_update')) {
      assert.deepEqual(untimed(data), {
        sessionId,
        tradeId,
        symbol: 'DOC-BANKNIFTY',
        currentPrice: 196.3,
        entryPrice: 195.25,
        unrealizedPnL: 52.5,
        pnlPercent: 0.54,
      });
    }
  });

  it('tells at once that a trade opens and closes, and nothing of other sessions', async (t) => {
    const [own, other] = [await createSession(hub), await createSession(hub)];
    const peer = await following(t, own);
    const order = { symbol: 'EVENTS', quantity: 2, entryPrice: 10, side: 'SELL' };
    await openTrade(hub, other, order);
    const trade = await openTrade(hub, own, order);
    const { tradeId, sessionId } = trade;
    const about = { tradeId, sessionId, symbol: 'EVENTS', quantity: 2, side: 'SELL', entryPrice: 10 };
    assert.deepEqual(await next(peer, 'trade_opened'), { ...about, status: 'OPEN', price: 10 });
    await closeTrade(hub, trade, 10.5);
    const ended = { ...about, status: 'CLOSED', pnl: -1, exitReason: 'MANUAL', price: 10.5 };
    assert.deepEqual(await next(peer, 'trade_closed'), ended);
    const sessions = new Set(peer.messages.filter(({ data }) => data).map(({ data }) => data.sessionId));
    assert.deepEqual([peer.of('trade_opened').length, [...sessions]], [1, [sessionId]]);
  });

  it('tells what a stop loss, a target and the end of a session close', async (t) => {
    const own = await createSession(hub);
    await quote(hub, { EXITS: 100 });
    const levels = { symbol: 'EXITS', quantity: 1, stopLoss: 95, target: 110 };
    const lost = await openTrade(hub, own, levels);
    const won = await openTrade(hub, own, { ...levels, side: 'SELL', stopLoss: 110, target: 95 });
    const last = await openTrade(hub, own, { symbol: 'EXITS', quantity: 1 });
    const peer = await following(t, own);
    await quote(hub, { EXITS: 94 });
    await quote(hub, { EXITS: 101 });
    await stopSession(hub, own);
    await waitFor(() => peer.of('trade_closed').length >= 3, 'three ends');
    assert.deepEqual(
      peer.of('trade_closed').map(({ data }) => [data.tradeId, data.exitReason, data.pnl, data.price]),
      [
        [lost.tradeId, 'SL', -6, 94],
        [won.tradeId, 'TARGET', 6, 94],
        [last.tradeId, 'MANUAL', 1, 101],
      ],
    );
    await waitFor(() => peer.of('session_update').at(-1).data.status === 'STOPPED', 'the session, stopped');
    const { totalPnL, winRate } = peer.of('session_update').at(-1).data;
    assert.deepEqual([totalPnL, winRate], [1, 66.67]);
  });

  it('follows one session at a time, and none after unsubscribe_session', async (t) => {
    const [one, two] = [await createSession(hub), await createSession(hub)];
    const peer = await following(t, one);
    peer.send({ type: 'subscribe_session', sessionId: String(two.sessionId) });
    await waitFor(
      () => peer.of('session_update').at(-1).data.sessionId === two.sessionId,
      'the other session',
    );
    const witness = await following(t, one);
    await openTrade(hub, one, { symbol: 'SWITCH', quantity: 1, entryPrice: 1 });
    await openTrade(hub, two, { symbol: 'SWITCH', quantity: 1, entryPrice: 1 });
    await next(witness, 'trade_opened');
    assert.equal((await next(peer, 'trade_opened')).sessionId, two.sessionId);
    peer.send({ type: 'unsubscribe_session' });
    await peer.pinged();
    const seen = peer.messages.length;
    await openTrade(hub, two, { symbol: 'SWITCH', quantity: 1, entryPrice: 1 });
    await waitFor(() => witness.of('session_update').length >= 3, 'two more rounds, on another socket');
    assert.deepEqual(await peer.pinged(seen), []);
  });

  it('sends known prices at once, then those that change, at the interval asked for', async (t) => {
    const INTERVAL_MS = 300;
    await quote(hub, { 'P-A': 22150.5, 'P-B': 1, 'P-OTHER': 7 });
    const peer = await connect(t);
    peer.send({ type: 'subscribe_prices', symbols: ['P-A', 'P-B', 'P-NEW'], priceInterval: INTERVAL_MS });
    await waitFor(() => peer.of('price_update').length >= 2, 'both known prices');
    assert.deepEqual(peer.data('price_update').map(untimed), [
      { symbol: 'P-A', price: 22150.5 },
      { symbol: 'P-B', price: 1 },
    ]);
    await quote(hub, { 'P-OTHER': 8, 'P-NEW': 5, 'P-B': 1 });
    assert.deepEqual(await next(peer, 'price_update', 2), { symbol: 'P-NEW', price: 5 });
    let price = 100;
    await waitFor(async () => {
      await quote(hub, { 'P-A': ++price });
      return peer.of('price_update').length >= 8;
    }, 'five more');
    await waitFor(() => peer.data('price_update').at(-1).price === price, 'the last price');
    const of = peer.messages.flatMap(({ data }, index) =>
      data?.symbol === 'P-A' ? [peer.arrivals[index]] : [],
    );
    const ms = of.at(-1) - of[1];
    // Half of it: on a loaded machine the first of them may come late.
    assert.ok(ms >= ((of.length - 2) * INTERVAL_MS) / 2, `${of.length - 2} intervals in ${ms} ms`);

    peer.send({ type: 'unsubscribe_prices', symbols: ['P-A'] });
    await peer.pinged();
    const seen = peer.messages.length;
    await quote(hub, { 'P-A': 1 });
    await quote(hub, { 'P-B': 2 });
    await waitFor(() => peer.data('price_update').at(-1).price === 2, 'what is still followed');
    peer.send({ type: 'unsubscribe_prices' });
    await peer.pinged();
    const still = peer.messages.slice(seen).filter(({ data }) => data?.symbol === 'P-A');
    assert.deepEqual(still, []);
    const witness = await connect(t);
    witness.send({ type: 'subscribe_prices', symbols: ['P-B'], priceInterval: 1 });
    const last = peer.messages.length;
    await quote(hub, { 'P-B': 3 });
    await waitFor(() => witness.data('price_update').at(-1)?.price === 3, 'a price, on another socket');
    assert.deepEqual(await peer.pinged(last), []);
  });

  for (const [what, message, names] of [
    ['no JSON', 'nonsense', /./],
    ['no object', ['ping'], /./],
    ['an object without a type', {}, /type/],
    ['a type that does not exist', { type: 'buy' }, /buy/],
    ['a session that does not exist', { type: 'subscribe_session', sessionId: 999_999 }, /999999/],
    ['a session of no number', { type: 'subscribe_session', sessionId: 'six' }, /^Invalid message format/],
    ['a subscription to no session', { type: 'subscribe_session' }, /^Invalid message format/],
    ['a subscription to no prices', { type: 'subscribe_prices' }, /^Invalid message format/],
    ['one to no symbol', { type: 'subscribe_prices', symbols: [] }, /^Invalid message format/],
    ['a symbol that is none', { type: 'subscribe_prices', symbols: [''] }, /^Invalid message format/],
    ['octets', Uint8Array.of(1, 2, 3), /./],
  ]) {
    it(`answers ${what} with an error, and stays`, async (t) => {
      const peer = await connect(t);
      peer.send(message);
      const [error, ...rest] = await peer.pinged(0);
      assert.deepEqual([error.type, rest], ['error', []]);
      assert.match(error.message, names);
    });
  }
});
