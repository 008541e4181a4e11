// Transactions, and what comes of them.

import { randomUUID } from 'node:crypto';

import { ingestOk } from './rest.mjs';

/** A purchase, by default of one share at 10. */
export function purchase(portfolioId, symbol, { quantity = 1, price = 10 } = {}) {
  return { transactionId: randomUUID(), portfolioId, symbol, side: 'BUY', quantity, price };
}

/** A sale of the oldest shares held, by default of one at 15. */
export function sale(portfolioId, symbol, { quantity = 1, price = 15 } = {}) {
  return { transactionId: randomUUID(), portfolioId, symbol, side: 'SELL', quantity, price };
}

/** Ingests transactions of which none may be rejected. */
export function trade(hub, ...transactions) {
  return ingestOk(hub, 'transactions', transactions);
}

/** Ingests prices, as `{ AAPL: 10.5 }`. */
export function quote(hub, prices) {
  const items = Object.entries(prices).map(([symbol, price]) => ({ symbol, price }));
  return ingestOk(hub, 'prices', items);
}

/** All elements of array messages, in their order. */
export function rows(messages) {
  return messages.flatMap(({ body }) => JSON.parse(body));
}

/** `portfolioId symbol` of a position. */
export function key({ id }) {
  return `${id.portfolioId} ${id.symbol}`;
}

/** The newest of each key, in the order of their first. */
export function newest(values, keyOf) {
  return new Map(values.map((value) => [keyOf(value), value]));
}
