// Test vector V1 of the platform (AN-POS): two lots, sells that name their lot, one sell too many.

import { randomUUID } from 'node:crypto';

/** What the position is after each of its transactions; the sell of 31 changes nothing. */
const STEPS = [
  [{ side: 'BUY', quantity: 100, buyPrice: 10 }, [100, 1000, 0]],
  [{ side: 'BUY', quantity: 50, buyPrice: 12 }, [150, 1600, 0]],
  [{ side: 'SELL', quantity: 100, buyPrice: 10, sellPrice: 15 }, [50, 600, 500]],
  [{ side: 'SELL', quantity: 20, buyPrice: 12, sellPrice: 15 }, [30, 360, 560]],
  [{ side: 'SELL', quantity: 31, buyPrice: 12, sellPrice: 11 }, [30, 360, 560]],
  [{ side: 'SELL', quantity: 30, buyPrice: 12, sellPrice: 11 }, [0, 0, 530]],
];

/** How many of the transactions come before the sell of 31. */
export const BEFORE_OVERSELL = 4;

/** The price at which the 30 that are left before the oversell gain 120. */
export const PRICE = 16;

/** The vector for one portfolio and symbol: `[{ transaction, after }]`, with ids of their own. */
export function vector(portfolioId, symbol) {
  return STEPS.map(([trade, [holdings, totalInvested, realizedPnl]]) => ({
    transaction: { transactionId: randomUUID(), portfolioId, symbol, ...trade },
    after: { holdings, totalInvested, realizedPnl },
  }));
}

/** The numbers of a position. */
export function numbers({ holdings, totalInvested, realizedPnl }) {
  return { holdings, totalInvested, realizedPnl };
}
