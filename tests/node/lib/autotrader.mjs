// Trading sessions and their trades: commands, and the shapes of what comes of them.

import assert from 'node:assert/strict';

import { post, postJson, read } from './rest.mjs';
import { assertKeys, assertNumber, assertSymbol, assertTime } from './shapes.mjs';

export const SERVICE = 'auto-trader';
export const SESSIONS = '/api/auto-trader/sessions';

const SESSION_NUMBERS = [
  'sessionId',
  'initialCapital',
  'currentCapital',
  'availableCapital',
  'totalPnL',
  'todayPnL',
  'totalTrades',
  'openTrades',
  'closedTrades',
  'winningTrades',
  'losingTrades',
  'winRate',
];

/** What a command leads to, which must be done. */
async function done(answer, status) {
  const { body, ...rest } = await answer;
  assert.deepEqual(rest, { status, type: 'application/json' }, JSON.stringify(body));
  return body;
}

/** A new session, by default of 50000. */
export async function createSession(hub, more = {}) {
  const session = await done(postJson(hub, SESSIONS, { initialCapital: 50_000, ...more }, SERVICE), 201);
  assertSession(session);
  return session;
}

/** A new trade: `{symbol, quantity, side?, entryPrice?, stopLoss?, target?}`. */
export async function openTrade(hub, { sessionId }, order) {
  const trade = await done(postJson(hub, `${SESSIONS}/${sessionId}/trades`, order, SERVICE), 201);
  assertTrade(trade);
  return trade;
}

/** Closes a trade at a price, or at the last one. */
export async function closeTrade(hub, { tradeId }, price) {
  const path = `/api/auto-trader/trades/${tradeId}/close`;
  const answer =
    price === undefined ? post(hub, path, undefined, {}, SERVICE) : postJson(hub, path, { price }, SERVICE);
  const trade = await done(answer, 200);
  assertTrade(trade);
  return trade;
}

export async function stopSession(hub, { sessionId }) {
  const session = await done(postJson(hub, `${SESSIONS}/${sessionId}/stop`, {}, SERVICE), 200);
  assertSession(session);
  return session;
}

/** A session as it is now. */
export async function session(hub, { sessionId }) {
  const session = await read(hub, `${SESSIONS}/${sessionId}`, SERVICE);
  assertSession(session);
  return session;
}

/** The trades of a session as they are now. */
export async function trades(hub, { sessionId }) {
  const trades = await read(hub, `${SESSIONS}/${sessionId}/trades`, SERVICE);
  trades.forEach(assertTrade);
  return trades;
}

/** A session over REST. */
export function assertSession(session) {
  const shown = JSON.stringify(session);
  assertKeys(session, [...SESSION_NUMBERS, 'name', 'status', 'createdAt', 'stoppedAt'], shown);
  for (const name of SESSION_NUMBERS) assertNumber(session[name], shown);
  assert.match(session.status, /^(ACTIVE|STOPPED)$/, shown);
  assertTime(session.createdAt, shown);
  if (session.status === 'STOPPED') assertTime(session.stoppedAt, shown);
  else assert.equal(session.stoppedAt, null, shown);
}

/** A trade over REST. */
export function assertTrade(trade) {
  const shown = JSON.stringify(trade);
  const numbers = ['tradeId', 'sessionId', 'quantity', 'entryPrice'];
  const optional = ['stopLoss', 'target', 'currentPrice', 'unrealizedPnL', 'exitPrice', 'pnl', 'pnlPercent'];
  const others = ['symbol', 'side', 'status', 'exitReason', 'openedAt', 'closedAt'];
  assertKeys(trade, [...numbers, ...optional, ...others], shown);
  for (const name of numbers) assertNumber(trade[name], shown);
  for (const name of optional) if (trade[name] !== null) assertNumber(trade[name], shown);
  assertSymbol(trade.symbol, shown);
  assert.match(trade.side, /^(BUY|SELL)$/, shown);
  assertTime(trade.openedAt, shown);
  if (trade.status === 'OPEN') {
    const { exitPrice, pnl, exitReason, closedAt } = trade;
    assert.deepEqual([exitPrice, pnl, exitReason, closedAt], [null, null, null, null], shown);
  } else {
    assert.deepEqual([trade.status, trade.currentPrice, trade.unrealizedPnL], ['CLOSED', null, null], shown);
    assert.match(trade.exitReason, /^(SL|TARGET|MANUAL)$/, shown);
    assertTime(trade.closedAt, shown);
  }
}

/** The fields of each message's `data`, as documented, and those that the hub adds. */
const MESSAGES = {
  price_update: ['symbol', 'price', 'timestamp'],
  trade_opened: [
    'tradeId',
    'sessionId',
    'symbol',
    'status',
    'timestamp',
    'quantity',
    'side',
    'entryPrice',
    'price',
  ],
  trade_closed: [
    'tradeId',
    'sessionId',
    'symbol',
    'status',
    'pnl',
    'exitReason',
    'timestamp',
    'quantity',
    'side',
    'entryPrice',
    'price',
  ],
  session_update: [
    'sessionId',
    'currentCapital',
    'totalPnL',
    'todayPnL',
    'totalTrades',
    'winRate',
    'status',
    'timestamp',
    'winningTrades',
    'losingTrades',
  ],
  pnl_update: [
    'sessionId',
    'tradeId',
    'symbol',
    'currentPrice',
    'entryPrice',
    'unrealizedPnL',
    'pnlPercent',
    'timestamp',
  ],
};

const TEXTS = ['symbol', 'status', 'side', 'exitReason', 'timestamp'];

/** A message of `/ws/auto-trader`, of whatever type. */
export function assertMessage(message) {
  const shown = JSON.stringify(message);
  if (message.type === 'pong') return assertKeys(message, ['type'], shown);
  if (message.type === 'error') return assertKeys(message, ['type', 'message'], shown);
  assertKeys(message, ['type', 'data'], shown);
  assert.ok(message.type in MESSAGES, shown);
  assertKeys(message.data, MESSAGES[message.type], shown);
  assertTime(message.data.timestamp, shown);
  for (const [name, value] of Object.entries(message.data)) {
    if (TEXTS.includes(name)) assert.equal(typeof value, 'string', shown);
    else assertNumber(value, shown);
  }
}
