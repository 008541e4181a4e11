// Many clients at once, and the end of the hub as each of them sees it.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { assertFarewell } from './lib/farewell.mjs';
import { Hub } from './lib/hub.mjs';
import { Peer, closed } from './lib/peer.mjs';
import { positions } from './lib/rest.mjs';
import { key, newest, purchase, rows, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const PEERS = 200;
const UPDATES = 5;
const PATHS = ['/', '/ws', '/websocket', '/ws/websocket'];

const GOING_AWAY = { code: 1001, reason: 'Going away' };

describe(`${PEERS} subscribers`, () => {
  const portfolioId = randomUUID();
  const held = Array.from({ length: 100 }, (_, index) => purchase(randomUUID(), `S${index}`));
  let hub;
  let peers;
  let mailboxes;
  before(async () => {
    hub = await Hub.start();
    await trade(hub, ...held);
    peers = await Promise.all(
      Array.from({ length: PEERS }, (_, index) => Peer.connect(hub.ws(PATHS[index % PATHS.length]))),
    );
    mailboxes = await Promise.all(peers.map((peer) => peer.subscribe('/topic/position-update')));
  });
  after(async () => {
    await Promise.all((peers ?? []).map((peer) => peer.close()));
    await hub?.stop();
  });

  /** Waits until each has this many rows. */
  function allHave(count) {
    return waitFor(() => {
      const counts = new Set(mailboxes.map((messages) => rows(messages).length));
      assert.deepEqual([...counts], [count]);
      return true;
    }, `${count} rows for each of ${PEERS}`);
  }

  it('all get the snapshot, each row once', async () => {
    await allHave(held.length);
    const expected = JSON.stringify(sorted(await positions(hub)));
    for (const messages of mailboxes) assert.equal(JSON.stringify(sorted(rows(messages))), expected);
  });

  it('all get the same updates, each once, in order', async () => {
    for (let update = 1; update <= UPDATES; update++) {
      await trade(hub, purchase(portfolioId, 'AAPL'));
      await allHave(held.length + update);
    }
    for (const messages of mailboxes) {
      const updates = rows(messages).slice(held.length);
      const holdings = updates.map((row) => [row.id.portfolioId, row.holdings]);
      const expected = Array.from({ length: UPDATES }, (_, index) => [portfolioId, index + 1]);
      assert.deepEqual(holdings, expected);
    }
  });

  it('all end with the same state after a burst that may conflate', async () => {
    const burst = Array.from({ length: 20 }, () => [
      purchase(portfolioId, 'AAPL'),
      purchase(portfolioId, 'MSFT'),
    ]);
    await Promise.all(burst.map((transactions) => trade(hub, ...transactions)));
    const expected = (await positions(hub)).filter(({ id }) => id.portfolioId === portfolioId);
    await waitFor(() => {
      for (const messages of mailboxes) assert.deepEqual(state(messages, portfolioId), expected);
      return true;
    }, 'the last state of all');
    assert.deepEqual(
      expected.map(({ holdings }) => holdings),
      [UPDATES + burst.length, burst.length],
    );
  });
});

describe('SIGTERM', () => {
  it('closes every socket with 1001 after all that was acknowledged has been sent, and exits with 0', async (t) => {
    await assertFarewell(t, Array(50).fill((hub) => Peer.connect(hub.ws())));
  });

  it('during the demo exits with 0, and a dashboard that stays open finds the hub again', async (t) => {
    const hub = await Hub.start({ args: ['--demo'] });
    t.after(() => hub?.stop());
    const peer = await Peer.connect(hub.ws(), { reconnectDelay: 100 });
    t.after(() => peer.close());
    const messages = await peer.subscribe('/topic/unrealized-pnl');
    await waitFor(() => messages.length > 0, 'a message of the demo');
    hub.signalTerminate();
    await hub.exitedCleanly();
    assert.deepEqual(await closed([peer]), [GOING_AWAY]);
    await hub.restart();
    await waitFor(() => peer.connections.length === 2, 'the second CONNECTED');
  });

  it('keeps what was acknowledged', async (t) => {
    const hub = await Hub.start();
    t.after(() => hub?.stop());
    await trade(hub, purchase(randomUUID(), 'AAPL'), purchase(randomUUID(), 'MSFT'));
    const before = await positions(hub);
    assert.equal(before.length, 2);
    hub.signalTerminate();
    await hub.exitedCleanly();
    await hub.restart();
    assert.deepEqual(await positions(hub), before);
  });
});

function sorted(list) {
  return [...list].sort((a, b) => (a.id.symbol < b.id.symbol ? -1 : 1));
}

/** The newest row of each position of a portfolio, in the order of their first. */
function state(messages, portfolioId) {
  return [...newest(rows(messages), key).values()].filter(({ id }) => id.portfolioId === portfolioId);
}
