// Options of a subscription, as headers of SUBSCRIBE.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { Peer, closed } from './lib/peer.mjs';
import { positions } from './lib/rest.mjs';
import { assertAddsUp, assertUnrealised } from './lib/shapes.mjs';
import { key, newest, purchase, quote, rows, sale, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const POSITIONS = '/topic/position-update';
const PNL = '/topic/unrealized-pnl';

const INTERVAL_MS = 500;

/** How many drains without an interval are enough to tell that they are more. */
const DRAINS = 15;

describe('a subscription', { concurrency: true }, () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  async function connect(t, url = hub.base('/ws')) {
    const peer = await Peer.connect(url);
    t.after(() => peer.close());
    return peer;
  }

  /** Portfolios with a share of AAPL each. */
  async function portfolios(count) {
    const ids = Array.from({ length: count }, () => randomUUID());
    await trade(hub, ...ids.map((id) => purchase(id, 'AAPL')));
    await quote(hub, { AAPL: 11 });
    return ids;
  }

  it('with portfolio-ids is of these portfolios only, their ids in any case', async (t) => {
    const [one, two, other] = await portfolios(3);
    const peer = await connect(t);
    const options = { 'portfolio-ids': `${one.toUpperCase()},${two}` };
    const held = await peer.subscribe(POSITIONS, options);
    const pnl = await peer.subscribe(PNL, options);
    const holders = () => new Set(rows(held).map(({ id }) => id.portfolioId));
    const gainers = () => new Set(rows(pnl).map(({ portfolio_id: id }) => id));
    await waitFor(() => holders().size === 2 && gainers().size === 2, 'both portfolios on both topics');
    await trade(hub, purchase(other, 'AAPL'), purchase(other, 'PART'), purchase(two, 'PART'));
    await quote(hub, { PART: 12 });
    await waitFor(() => {
      const latest = newest(rows(pnl), ({ portfolio_id: id }) => id);
      assert.deepEqual(latest.get(two)?.symbol, { AAPL: 1, PART: 2 });
      assert.equal(newest(rows(held), key).get(`${two} PART`)?.holdings, 1);
      return true;
    }, 'the change of one of them');
    assert.deepEqual(holders(), new Set([one, two]));
    assert.deepEqual(gainers(), new Set([one, two]));
  });

  it('with portfolio-ids of a portfolio destination is of what both name', async (t) => {
    const [one, two] = await portfolios(2);
    const peer = await connect(t);
    const same = await peer.subscribe(`${POSITIONS}/${one}`, { 'portfolio-ids': `${one},${two}` });
    const none = await peer.subscribe(`${POSITIONS}/${one}`, { 'portfolio-ids': two });
    await waitFor(() => same.length > 0, 'the snapshot of the one');
    await trade(hub, sale(one, 'AAPL'), purchase(two, 'AAPL'));
    await waitFor(() => rows(same).length >= 2, 'its change');
    assert.deepEqual(
      rows(same).map(({ id, holdings }) => [id.portfolioId, holdings]),
      [
        [one, 1],
        [one, 0],
      ],
    );
    assert.deepEqual(rows(none), []);
  });

  it('with snapshot: false gets only what changes from then on', async (t) => {
    const [before] = await portfolios(1);
    const peer = await connect(t);
    const options = { 'portfolio-ids': before };
    const full = await peer.subscribe(POSITIONS, { ...options, snapshot: 'true' });
    await waitFor(() => full.at(-1)?.headers.resume, 'a snapshot');
    const quiet = await peer.subscribe(POSITIONS, { ...options, snapshot: 'false' });
    await trade(hub, purchase(before, 'MSFT', { quantity: 3 }));
    await waitFor(() => quiet.length > 0 && rows(full).length > 1, 'the change');
    assert.deepEqual(rows(quiet).map(key), [`${before} MSFT`]);
    assert.deepEqual(rows(full).map(key), [`${before} AAPL`, `${before} MSFT`]);
    assert.deepEqual(rows(quiet), rows(full).slice(1));
  });

  it('with batch: true gets arrays of unrealised P&L, with the same values as one by one', async (t) => {
    const ids = await portfolios(30);
    const peer = await connect(t);
    const options = { 'portfolio-ids': ids.join(',') };
    const batched = await peer.subscribe(PNL, { ...options, batch: 'true' });
    const single = await peer.subscribe(PNL, { ...options, batch: 'false' });
    const latest = (messages) => newest(rows(messages), ({ portfolio_id: id }) => id);
    await waitFor(() => latest(batched).size === 30 && latest(single).size === 30, 'all portfolios, twice');
    await Promise.all([
      trade(hub, ...ids.slice(0, 10).map((id) => purchase(id, 'BATCH', { price: 20 }))),
      quote(hub, { BATCH: 23.5 }),
    ]);
    await waitFor(() => {
      const totals = ids.map((id) => latest(batched).get(id).overallUnrealised_Pnl);
      assert.deepEqual(totals, [...Array(10).fill(4.5), ...Array(20).fill(1)]);
      assert.deepEqual(sorted(latest(batched)), sorted(latest(single)));
      return true;
    }, 'the same values on both');
    for (const { body } of batched) assert.ok(Array.isArray(JSON.parse(body)), body);
    for (const { body } of single) assert.ok(!Array.isArray(JSON.parse(body)), body);
    for (const pnl of rows(batched)) {
      assertUnrealised(pnl);
      assertAddsUp(pnl);
    }
    assert.ok(batched.length < single.length, `${batched.length} arrays, ${single.length} messages`);
  });

  it('with batch, whatever it says, gets arrays of positions', async (t) => {
    const [id] = await portfolios(1);
    const peer = await connect(t);
    const listed = (await positions(hub)).filter((row) => row.id.portfolioId === id);
    for (const batch of ['true', 'false']) {
      const messages = await peer.subscribe(`${POSITIONS}/${id}`, { batch });
      await waitFor(() => messages.length > 0, 'the snapshot');
      assert.deepEqual(JSON.parse(messages[0].body), listed);
    }
  });

  it('with an interval is drained no more often than that, and ends with the newest value', async (t) => {
    const { ms, price, paced, free, peer } = await pacedAndFree(t, 'PACED');
    assert.deepEqual(peer.errors, []);
    const drains = paced.filter(({ headers }) => headers.resume).length;
    assert.ok(drains <= Math.floor(ms / INTERVAL_MS) + 1, `${drains} drains in ${ms} ms`);
    assert.ok(paced.length < free.length, `${paced.length} and ${free.length} messages`);
    const last = (messages) => JSON.parse(messages.at(-1).body).symbol.PACED;
    await waitFor(() => {
      assert.deepEqual([last(free), last(paced)], [price - 1000, price - 1000]);
      return true;
    }, 'the newest value on both');
  });

  it('with an interval gets a value once a drain, however often it changed meanwhile', async (t) => {
    const { paced } = await pacedAndFree(t, 'ONCE');
    // Before its first price it has no value, however often that is said.
    const values = paced.map(({ body }) => JSON.parse(body).symbol.ONCE).filter((value) => value !== undefined);
    assert.ok(values.length > 0);
    assert.deepEqual(values, [...new Set(values)]);
    for (const { headers } of paced) assert.ok(headers.resume, 'each is all of a drain');
  });

  /** Two subscriptions to one portfolio whose value rises all the time: one paced, one not. */
  async function pacedAndFree(t, symbol) {
    const [id] = await portfolios(1);
    const since = performance.now();
    const peer = await connect(t);
    const paced = await peer.subscribe(`${PNL}/${id}`, { interval: String(INTERVAL_MS) });
    const free = await peer.subscribe(`${PNL}/${id}`, { interval: '0' });
    await trade(hub, purchase(id, symbol, { price: 1000 }));
    let price = 1000;
    await waitFor(async () => {
      await quote(hub, { [symbol]: ++price });
      return free.length >= DRAINS && paced.length >= 3;
    }, `${DRAINS} drains without an interval, and 3 with one`);
    return { ms: performance.now() - since, price, paced, free, peer };
  }

  it('may differ from others of the same session in every option', async (t) => {
    const [one, two] = await portfolios(2);
    const peer = await connect(t, hub.ws());
    const both = `${one},${two}`;
    const all = await peer.subscribe(PNL, { 'portfolio-ids': both });
    const array = await peer.subscribe(PNL, { 'portfolio-ids': both, batch: 'true', interval: '200' });
    const part = await peer.subscribe(PNL, { 'portfolio-ids': two, batch: 'true' });
    const ids = (messages) => new Set(rows(messages).map(({ portfolio_id: id }) => id));
    await waitFor(() => [all, array].every((messages) => ids(messages).size === 2), 'both portfolios');
    await waitFor(() => ids(part).size === 1, 'one portfolio');
    assert.deepEqual([...ids(part)], [two]);
    const subscriptions = [all, array, part].map(([{ headers }]) => headers.subscription);
    assert.equal(new Set(subscriptions).size, 3);
  });

  for (const [option, ...values] of [
    ['portfolio-ids', '', 'not-a-uuid', `${randomUUID()},x`, `${randomUUID()},`],
    ['interval', '', '-1', '1.5', 'soon', '3600001'],
    ['snapshot', '', 'no'],
    ['resume', '', '1', 'x-1', '0123456789abcdef', '0123456789abcdef-x'],
    ['batch', '', 'yes', '1'],
  ]) {
    for (const value of values) {
      it(`is refused when ${option} is ${JSON.stringify(value)}`, async () => {
        for (const url of [hub.base('/ws'), hub.ws()]) await refused(url, POSITIONS, option, value);
      });
    }
  }

  for (const [option, value] of [
    ['portfolio-ids', randomUUID()],
    ['interval', '500'],
    ['snapshot', 'false'],
    ['resume', '0123456789abcdef-1'],
    ['batch', 'true'],
  ]) {
    it(`to a relay destination is refused with ${option}`, () => {
      return refused(hub.base('/ws'), '/topic/relay/x', option, value);
    });
  }

  /** A SUBSCRIBE with this option gets an ERROR that names it, and the connection is closed. */
  async function refused(url, destination, option, value) {
    const peer = await Peer.connect(url);
    const got = [];
    peer.client.subscribe(destination, (message) => got.push(message), { [option]: value, receipt: 'r' });
    assert.deepEqual(await closed([peer]), [{ code: 4500, reason: 'Protocol error' }]);
    assert.equal(peer.errors.length, 1);
    const [{ message, body, 'receipt-id': receipt }] = peer.errors;
    assert.deepEqual([message, receipt], ['subscription refused', 'r']);
    assert.ok(body.includes(option), body);
    assert.deepEqual(got, []);
  }
});

function sorted(map) {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
