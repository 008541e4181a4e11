// The documented shapes of what the hub sends (AN-WS-1, AN-WS-2, the feed), exactly: no key more, none less.

import assert from 'node:assert/strict';

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ISO_8601_MS_Z = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** An element of `/topic/position-update` and of `GET /api/analysis/all`. */
export function assertPosition(position) {
  const shown = JSON.stringify(position);
  const keys = ['id', 'holdings', 'totalInvested', 'realizedPnl', 'createdAt', 'updatedAt'];
  assertKeys(position, keys, shown);
  assertKeys(position.id, ['portfolioId', 'symbol'], shown);
  assert.match(position.id.portfolioId, UUID, shown);
  assertSymbol(position.id.symbol, shown);
  for (const key of ['holdings', 'totalInvested', 'realizedPnl']) assertNumber(position[key], shown);
  for (const key of ['createdAt', 'updatedAt']) assertTime(position[key], shown);
}

/** A body of `/topic/unrealized-pnl`; `unpriced` is there only if it names a symbol, so is `stale`, with `asOf`. */
export function assertUnrealised(pnl) {
  const shown = JSON.stringify(pnl);
  const keys = ['symbol', 'overallUnrealised_Pnl', 'portfolio_id'];
  const optional = ['unpriced', 'stale', 'asOf'].filter((key) => key in pnl);
  assertKeys(pnl, [...keys, ...optional], shown);
  assert.match(pnl.portfolio_id, UUID, shown);
  assertNumber(pnl.overallUnrealised_Pnl, shown);
  for (const [symbol, amount] of Object.entries(pnl.symbol)) {
    assertSymbol(symbol, shown);
    assertNumber(amount, shown);
  }
  assertUnpriced(pnl, shown);
  assertStale(pnl, shown);
}

/** An element of `/topic/transactions`; `tradeId` is there only if its sender gave one. */
export function assertTransaction(transaction) {
  const shown = JSON.stringify(transaction);
  const numbers = ['quantity', 'price', 'realizedPnl'];
  const optional = 'tradeId' in transaction ? ['tradeId'] : [];
  const keys = ['transactionId', 'portfolioId', 'symbol', 'side', ...numbers, 'timestamp', ...optional];
  assertKeys(transaction, keys, shown);
  for (const key of ['transactionId', 'portfolioId', ...optional]) assert.match(transaction[key], UUID, shown);
  assertSymbol(transaction.symbol, shown);
  assert.match(transaction.side, /^(BUY|SELL)$/, shown);
  for (const key of numbers) assertNumber(transaction[key], shown);
  assertTime(transaction.timestamp, shown);
}

/** A dead letter: what the hub itself rejected, with its payload and where that is posted again. */
export function assertLetter(letter) {
  const shown = JSON.stringify(letter);
  const record = ['id', 'kind', 'reason', 'field', 'at', 'position'];
  const payload = ['raw', 'rawEncoding', 'rawForm', 'contentType', 'postTo'];
  assertKeys(letter, [...record, ...payload, 'door', 'sender'], shown);
  assertTime(letter.at, shown);
  assert.ok(typeof letter.raw === 'string' && [null, 'base64'].includes(letter.rawEncoding), shown);
  assert.ok(['sent', 'canonical'].includes(letter.rawForm), shown);
  assertKeys(letter.postTo, ['method', 'path'], shown);
  assert.deepEqual([letter.postTo.method, letter.postTo.path.startsWith('/api/')], ['POST', true], shown);
}

/** `overallUnrealised_Pnl` is the sum of the map, to `tolerance`. */
export function assertAddsUp(pnl, tolerance = 1e-6) {
  const sum = Object.values(pnl.symbol).reduce((total, amount) => total + amount, 0);
  const difference = Math.abs(sum - pnl.overallUnrealised_Pnl);
  assert.ok(difference <= tolerance, `the map's sum is ${sum} in ${JSON.stringify(pnl)}`);
}

function assertStale({ symbol, stale, asOf }, shown) {
  if (stale === undefined && asOf === undefined) return;
  assert.ok(Array.isArray(stale) && stale.length > 0, shown);
  for (const name of stale) assert.ok(name in symbol, `a stale symbol has a value: ${shown}`);
  assertTime(asOf, shown);
}

function assertUnpriced({ symbol, unpriced = ['-'] }, shown) {
  assert.ok(Array.isArray(unpriced) && unpriced.length > 0, shown);
  for (const name of unpriced) {
    assertSymbol(name, shown);
    assert.ok(!(name in symbol), `a symbol without a price has no value: ${shown}`);
  }
}

export function assertKeys(object, keys, shown) {
  assert.deepEqual(Object.keys(object).sort(), [...keys].sort(), shown);
}

export function assertNumber(value, shown) {
  assert.ok(typeof value === 'number' && Number.isFinite(value), `not a JSON number: ${value} in ${shown}`);
}

export function assertSymbol(value, shown) {
  assert.ok(typeof value === 'string' && value.length >= 1 && value.length <= 32, shown);
}

export function assertTime(value, shown) {
  assert.match(value, ISO_8601_MS_Z, shown);
  assert.ok(!Number.isNaN(Date.parse(value)), shown);
}
