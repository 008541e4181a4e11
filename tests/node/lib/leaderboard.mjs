// Risk metrics, and the rows and messages that come of them.

import assert from 'node:assert/strict';

import { ingestOk } from './rest.mjs';
import { UUID, assertKeys, assertNumber, assertTime } from './shapes.mjs';

/** Where a native message stands in the log. */
export const RESUME = /^[0-9a-f]{16}-\d+$/;

const NUMBERS = ['compositeScore', 'avgReturn', 'sharpe', 'sortino'];

/** Test vector V5 of the platform: metrics that score 115. */
export function v5(portfolioId) {
  return { portfolioId, avgRateOfReturn: 0.5, sharpeRatio: 2, sortinoRatio: 1.5 };
}

/** Metrics that score so much, of the return alone. */
export function scoring(portfolioId, score) {
  return { portfolioId, avgRateOfReturn: score / 50, sharpeRatio: 0, sortinoRatio: 0 };
}

/** The portfolio that is called `a`, `b`, ... `f` in a test. */
export function portfolio(letter) {
  return [8, 4, 4, 4, 12].map((length) => letter.repeat(length)).join('-');
}

/** Ingests scores, each by a request of its own, in their order: `'a30 b20'`. */
export async function score(hub, scores) {
  for (const text of scores.split(' ').filter(Boolean)) {
    await ingestOk(hub, 'risk', [scoring(portfolio(text[0]), Number(text.slice(1)))]);
  }
}

/** Rows in that form: `'a30 b20'`. */
export function scores(entries) {
  return entries.map(({ portfolioId, compositeScore }) => `${portfolioId[0]}${compositeScore}`).join(' ');
}

/** A row, wherever it is shown. */
export function assertEntry(entry) {
  const shown = JSON.stringify(entry);
  const names = ['rank', 'portfolioId', 'portfolioName', 'pnl', ...NUMBERS, 'updatedAt', 'updated'];
  const optional = ['pnlPartial', 'pnlStale', 'pnlAsOf'].filter((name) => name in entry);
  assertKeys(entry, [...names, ...optional], shown);
  assert.ok(Number.isSafeInteger(entry.rank) && entry.rank >= 1, shown);
  assert.match(entry.portfolioId, UUID, shown);
  if (entry.portfolioName !== null) assert.equal(typeof entry.portfolioName, 'string', shown);
  if (entry.pnl !== null) assertNumber(entry.pnl, shown);
  for (const name of NUMBERS) assertNumber(entry[name], shown);
  assertTime(entry.updatedAt, shown);
  assert.equal(entry.updated, entry.updatedAt, shown);
}

/** Rows that are whole: ranks without a gap from `first` on, scores that never rise. */
export function assertRanked(entries, first = 1) {
  entries.forEach(assertEntry);
  assert.deepEqual(
    entries.map(({ rank }) => rank),
    entries.map((_, index) => first + index),
  );
  for (const [index, { compositeScore }] of entries.slice(1).entries()) {
    assert.ok(compositeScore <= entries[index].compositeScore, `rank ${first + index + 1} scores more`);
  }
}

/** A message of `/ws/updates` in the hub's own dialect. */
export function assertMessage(message) {
  const shown = JSON.stringify(message);
  const { type, data, resume, snapshot, ...rest } = message;
  assert.deepEqual(rest, {}, shown);
  assert.match(resume, RESUME, shown);
  assertTime(data.generatedAt, shown);
  if (type === 'snapshot') {
    assertKeys(data, ['generatedAt', 'total', 'entries'], shown);
    assertRanked(data.entries);
    assert.ok(data.total >= data.entries.length, shown);
  } else {
    assert.deepEqual([type, snapshot], ['update', undefined], shown);
    assertKeys(data, ['generatedAt', 'entries', 'removed'], shown);
    data.entries.forEach(assertEntry);
    for (const id of data.removed) assert.match(id, UUID, shown);
  }
}

/** The rows that somebody has who applied each of these messages, in the order of their ranks. */
export function folded(messages) {
  const rows = new Map();
  for (const { type, data } of messages) {
    if (type === 'snapshot') rows.clear();
    for (const id of data.removed ?? []) assert.ok(rows.delete(id), `${id} was there before it was removed`);
    for (const entry of data.entries) rows.set(entry.portfolioId, entry);
  }
  return [...rows.values()].sort((a, b) => a.rank - b.rank);
}
