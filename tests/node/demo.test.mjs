// The demo feed as a dashboard sees it: soon there, in the documented shapes, adding up.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Dashboard } from './lib/dashboard.mjs';
import { Hub } from './lib/hub.mjs';
import { Peer } from './lib/peer.mjs';
import { ingestOk, positions, read } from './lib/rest.mjs';
import { assertAddsUp, assertPosition, assertUnrealised } from './lib/shapes.mjs';
import { waitFor } from './lib/wait.mjs';

/** Portfolios of the default demo. */
const PORTFOLIOS = 100;

/** From the banner to a page that is full. */
const SOON_MS = 5000;

/** Enough updates after the snapshot to have seen the market move. */
const UPDATES = 1000;

describe('the demo feed', () => {
  let hub;
  before(async () => (hub = await Hub.start({ args: ['--demo'] })));
  after(() => hub?.stop());

  it('fills a dashboard within 5 s of the banner', async (t) => {
    const dashboard = new Dashboard(hub.base('/ws'));
    t.after(() => dashboard.close());
    await dashboard.open();
    const full = () => {
      const holders = new Set([...dashboard.positions.values()].map(({ id }) => id.portfolioId));
      assert.deepEqual([holders.size, dashboard.unrealised.size], [PORTFOLIOS, PORTFOLIOS]);
      return true;
    };
    const left = hub.readyAt + SOON_MS - performance.now();
    await waitFor(full, 'positions and unrealised P&L of all portfolios', left);
    assert.deepEqual(dashboard.service.errors, []);
  });

  it('sends positions in the documented shape, as arrays', async (t) => {
    const peer = await Peer.connect(hub.ws());
    t.after(() => peer.close());
    const messages = await peer.subscribe('/topic/position-update');
    await waitFor(() => messages.length >= 20, '20 arrays of positions');
    for (const message of messages) {
      const array = JSON.parse(message.body);
      assert.ok(Array.isArray(array) && array.length > 0, message.body);
      array.forEach(assertPosition);
    }
    assertHeaders(messages, '/topic/position-update');
  });

  it('sends unrealised P&L in the documented shape, one portfolio a message, and its sums are right', async (t) => {
    const peer = await Peer.connect(hub.ws());
    t.after(() => peer.close());
    const messages = await peer.subscribe('/topic/unrealized-pnl');
    await waitFor(() => messages.length >= PORTFOLIOS + UPDATES, 'a snapshot of unrealised P&L and updates');
    for (const message of messages) {
      const pnl = JSON.parse(message.body);
      assertUnrealised(pnl);
      assertAddsUp(pnl);
    }
    assertHeaders(messages, '/topic/unrealized-pnl');
    const snapshot = messages.slice(0, PORTFOLIOS).map(({ body }) => JSON.parse(body).portfolio_id);
    assert.equal(new Set(snapshot).size, PORTFOLIOS, 'the snapshot has each portfolio once');
  });

  it('calls the topic by either spelling', async (t) => {
    const peer = await Peer.connect(hub.ws());
    t.after(() => peer.close());
    const messages = await peer.subscribe('/topic/unrealised-pnl');
    await waitFor(() => messages.length >= PORTFOLIOS, 'a snapshot under the other spelling');
    assertHeaders(messages, '/topic/unrealised-pnl');
  });

  it('sends one portfolio to whoever asks for one', async (t) => {
    const peer = await Peer.connect(hub.ws());
    t.after(() => peer.close());
    const [{ id }] = await positions(hub);
    const pnl = await peer.subscribe(`/topic/unrealized-pnl/${id.portfolioId}`);
    const rows = await peer.subscribe(`/topic/position-update/${id.portfolioId}`);
    await waitFor(() => pnl.length >= 5 && rows.length >= 1, 'positions, and five values of unrealised P&L');
    const seen = new Set([
      ...pnl.map(({ body }) => JSON.parse(body).portfolio_id),
      ...rows.flatMap(({ body }) => JSON.parse(body).map((row) => row.id.portfolioId)),
    ]);
    assert.deepEqual([...seen], [id.portfolioId]);
  });

  it('lists positions over REST in the documented shape, each once', async () => {
    const all = await positions(hub);
    all.forEach(assertPosition);
    const keys = new Set(all.map(({ id }) => `${id.portfolioId} ${id.symbol}`));
    assert.equal(keys.size, all.length);
    assert.ok(all.length > PORTFOLIOS, `${all.length} positions`);
  });

  it('has a past, which it tells once', async (t) => {
    const own = await Hub.start({ args: ['--demo'] });
    t.after(() => own.stop());
    const [{ portfolioId }] = await read(own, '/api/portfolio/all');
    const history = () => read(own, `/api/portfolio_value/history/${portfolioId}?limit=400`);
    const days = await waitFor(async () => {
      const days = await history();
      return days.length === 40 && days;
    }, 'the days before');
    const corrected = { portfolioId, date: days[7].date, portfolioValue: 1 };
    await ingestOk(own, 'valuations', [corrected]);
    const told = await history();
    assert.equal(told[7].portfolioValue, 1);
    await own.kill9();
    await own.restart();
    // A midnight may have passed.
    assert.deepEqual((await history()).slice(-40), told);
  });
});

/** What every MESSAGE carries: what it is, where it belongs, an id of its own. */
function assertHeaders(messages, destination) {
  for (const { headers } of messages) {
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers.destination, destination);
  }
  const ids = new Set(messages.map(({ headers }) => headers['message-id']));
  assert.equal(ids.size, messages.length, 'no message-id comes twice');
}
