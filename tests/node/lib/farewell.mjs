// How the hub takes its leave of clients.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { Hub } from './hub.mjs';
import { closed } from './peer.mjs';
import { purchase, rows, trade } from './trades.mjs';
import { numbers } from './v1.mjs';

/**
 * At SIGTERM, subscribers and clients that only hold a connection are closed with 1001, after all that was
 * acknowledged has been sent; `dials` open one of each, given the hub.
 */
export async function assertFarewell(t, dials) {
  const hub = await Hub.start();
  t.after(() => hub.stop());
  const peers = await Promise.all(dials.map((dial) => dial(hub)));
  const mailboxes = await Promise.all(peers.map((peer) => peer.subscribe('/topic/position-update')));
  const idle = await Promise.all(dials.map((dial) => dial(hub)));
  const last = purchase(randomUUID(), 'LAST');
  await trade(hub, last);
  hub.signalTerminate();
  const closes = await closed([...peers, ...idle]);
  assert.deepEqual(closes, Array(closes.length).fill({ code: 1001, reason: 'Going away' }));
  await hub.exitedCleanly();
  for (const messages of mailboxes) {
    const { id, ...row } = rows(messages).at(-1) ?? {};
    assert.deepEqual(id, { portfolioId: last.portfolioId, symbol: 'LAST' });
    assert.deepEqual(numbers(row), { holdings: 1, totalInvested: 10, realizedPnl: 0 });
  }
  assert.deepEqual(
    [...peers, ...idle].flatMap((peer) => peer.errors),
    [],
  );
}
