// `/topic/transactions`: every accepted transaction, in log order, none lost.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { Peer, closed } from './lib/peer.mjs';
import { ingest, metric } from './lib/rest.mjs';
import { Resuming } from './lib/resuming.mjs';
import { assertTransaction } from './lib/shapes.mjs';
import { purchase, quote, rows, sale, trade } from './lib/trades.mjs';
import { BEFORE_OVERSELL, vector } from './lib/v1.mjs';
import { waitFor } from './lib/wait.mjs';

const FEED = '/topic/transactions';
const POSITION = /^[0-9a-f]{16}-\d+$/;

/** Events that the feed retains at most. */
const WINDOW = 10_000;

/** What each transaction of vector V1 earns, and the price that counts; the sell of 31 is rejected. */
const V1 = [
  { side: 'BUY', quantity: 100, price: 10, realizedPnl: 0 },
  { side: 'BUY', quantity: 50, price: 12, realizedPnl: 0 },
  { side: 'SELL', quantity: 100, price: 15, realizedPnl: 500 },
  { side: 'SELL', quantity: 20, price: 15, realizedPnl: 60 },
  { side: 'SELL', quantity: 30, price: 11, realizedPnl: -30 },
];

/** The transactionIds of array or single messages, in their order. */
function ids(messages) {
  return rows(messages).map(({ transactionId }) => transactionId);
}

function idsOf(transactions) {
  return transactions.map(({ transactionId }) => transactionId);
}

/** `count` purchases of one share. */
function purchases(count, portfolioId = randomUUID()) {
  return Array.from({ length: count }, () => purchase(portfolioId, 'AAPL'));
}

describe('the feed of transactions', { concurrency: true }, () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  async function connect(t, url = hub.base('/ws')) {
    const peer = await Peer.connect(url);
    t.after(() => peer.close());
    return peer;
  }

  it('of vector V1 says what each has earned; what was rejected or a duplicate is not there', async (t) => {
    const portfolioId = randomUUID();
    const steps = vector(portfolioId, 'V1');
    const accepted = steps.filter((_, index) => index !== BEFORE_OVERSELL);
    const expected = V1.map((event, index) => ({
      transactionId: accepted[index].transaction.transactionId,
      portfolioId,
      symbol: 'V1',
      ...event,
    }));
    const peer = await connect(t);
    const live = await peer.subscribe(`${FEED}/${portfolioId}`);
    for (const { transaction } of steps) {
      await ingest(hub, 'transactions', [transaction]);
      await ingest(hub, 'transactions', [transaction]);
    }
    const late = await peer.subscribe(`${FEED}/${portfolioId}`);
    for (const messages of [live, late]) {
      await waitFor(() => messages.length >= expected.length, 'all of them');
      for (const { body } of messages) assertTransaction(JSON.parse(body));
      const events = messages.map(({ body }) => JSON.parse(body));
      assert.deepEqual(
        events.map(({ timestamp, ...event }) => event),
        expected,
      );
    }
    assert.deepEqual(rows(live), rows(late), 'their times, too');
  });

  it('carries the time of the transaction, or else that of its record', async (t) => {
    const portfolioId = randomUUID();
    const peer = await connect(t);
    const messages = await peer.subscribe(`${FEED}/${portfolioId}`);
    const timed = { ...purchase(portfolioId, 'AAPL'), timestamp: '2025-01-02T03:04:05.678Z' };
    const before = Date.now();
    await trade(hub, timed, purchase(portfolioId, 'AAPL'));
    await waitFor(() => messages.length >= 2, 'both');
    const [first, second] = rows(messages).map(({ timestamp }) => timestamp);
    assert.equal(first, timed.timestamp);
    assert.ok(Date.parse(second) >= before && Date.parse(second) <= Date.now(), second);
  });

  it('is in the order of the log, complete, and the same for all', async (t) => {
    const portfolioId = randomUUID();
    const peers = await Promise.all([hub.base('/ws'), hub.base(), hub.ws()].map((url) => connect(t, url)));
    const destination = `${FEED}/${portfolioId}`;
    const mailboxes = await Promise.all(peers.map((peer) => peer.subscribe(destination)));
    mailboxes.push(await peers[0].subscribe(destination, { batch: 'true' }));
    const bursts = Array.from({ length: 20 }, () => purchases(50, portfolioId));
    await Promise.all(bursts.map((burst) => trade(hub, ...burst)));
    for (const messages of mailboxes) {
      await waitFor(() => rows(messages).length >= 1000, 'all of them');
      assert.deepEqual(rows(messages), rows(mailboxes[0]));
    }
    const order = new Map(ids(mailboxes[0]).map((id, index) => [id, index]));
    assert.equal(order.size, 1000, 'each once');
    for (const burst of bursts) {
      const places = idsOf(burst).map((id) => order.get(id));
      assert.deepEqual(
        places,
        [...places].sort((a, b) => a - b),
        'those of one request in their order',
      );
    }
    for (const { body } of mailboxes[0]) assert.ok(!Array.isArray(JSON.parse(body)));
    for (const { body } of mailboxes.at(-1)) assert.ok(Array.isArray(JSON.parse(body)));
    assert.ok(mailboxes.at(-1).length < 1000, 'arrays of more than one');
  });

  it('has a resume on each message, rising, and message-ids that come once', async (t) => {
    const portfolioId = randomUUID();
    const peer = await connect(t);
    const messages = await peer.subscribe(`${FEED}/${portfolioId}`);
    await trade(hub, ...purchases(30, portfolioId));
    await waitFor(() => messages.length >= 30, 'all of them');
    const offsets = messages.map(({ headers }) => {
      assert.equal(headers['content-type'], 'application/json');
      assert.equal(headers.destination, `${FEED}/${portfolioId}`);
      assert.match(headers.resume, POSITION);
      return Number(headers.resume.split('-')[1]);
    });
    assert.ok(
      offsets.every((offset, index) => index === 0 || offset > offsets[index - 1]),
      offsets,
    );
    assert.equal(new Set(messages.map(({ headers }) => headers['message-id'])).size, 30);
  });

  it('with snapshot: false has only what comes from then on', async (t) => {
    const portfolioId = randomUUID();
    const peer = await connect(t);
    const destination = `${FEED}/${portfolioId}`;
    const [early, next] = [purchases(3, portfolioId), purchases(2, portfolioId)];
    await trade(hub, ...early);
    const all = await peer.subscribe(destination);
    await waitFor(() => all.length >= 3, 'the retained ones');
    const fresh = await peer.subscribe(destination, { snapshot: 'false' });
    await trade(hub, ...next);
    await waitFor(() => fresh.length >= 2 && all.length >= 5, 'the new ones');
    assert.deepEqual(ids(fresh), idsOf(next));
    assert.deepEqual(ids(all), idsOf([...early, ...next]));
  });

  it('is of those portfolios only that are asked for', async (t) => {
    const [one, two, other] = [randomUUID(), randomUUID(), randomUUID()];
    const peer = await connect(t);
    const transactions = [one, other, two, other, one].map((id) => purchase(id, 'AAPL'));
    const option = { 'portfolio-ids': `${one.toUpperCase()},${two}` };
    const live = await peer.subscribe(FEED, option);
    await trade(hub, ...transactions);
    const late = await peer.subscribe(FEED, option);
    const single = await peer.subscribe(`${FEED}/${other}`);
    await waitFor(() => live.length >= 3 && late.length >= 3 && single.length >= 2, 'all of them');
    const of = (...wanted) => idsOf(transactions.filter(({ portfolioId }) => wanted.includes(portfolioId)));
    assert.deepEqual(ids(live), of(one, two));
    assert.deepEqual(ids(late), of(one, two));
    assert.deepEqual(ids(single), of(other));
  });

  it('with an interval comes no more often than that, and loses nothing', async (t) => {
    const INTERVAL_MS = 300;
    const portfolioId = randomUUID();
    const since = performance.now();
    const peer = await connect(t);
    const options = { interval: String(INTERVAL_MS), batch: 'true' };
    const messages = await peer.subscribe(`${FEED}/${portfolioId}`, options);
    const sent = [];
    await waitFor(async () => {
      const next = purchase(portfolioId, 'AAPL');
      await trade(hub, next);
      sent.push(next);
      return messages.length >= 4;
    }, 'four drains');
    const ms = performance.now() - since;
    assert.ok(messages.length <= Math.floor(ms / INTERVAL_MS) + 1, `${messages.length} drains in ${ms} ms`);
    await waitFor(() => rows(messages).length >= sent.length, 'all of them');
    assert.deepEqual(ids(messages), idsOf(sent));
  });

  it('is sent at once, though server.flush_ms is long', async (t) => {
    const slow = await Hub.start({ settings: { 'server.flush_ms': '60000' } });
    t.after(() => slow.stop());
    const peer = await Peer.connect(slow.base('/ws'));
    t.after(() => peer.close());
    const messages = await peer.subscribe(FEED);
    const transactions = purchases(3);
    await trade(slow, ...transactions);
    await waitFor(() => messages.length >= 3, 'all of them');
    assert.deepEqual(ids(messages), idsOf(transactions));
  });

  it('refuses what is no option, as any topic', async () => {
    for (const [option, value] of [
      ['interval', 'soon'],
      ['resume', 'x'],
      ['batch', 'yes'],
    ]) {
      const peer = await Peer.connect(hub.base('/ws'));
      peer.client.subscribe(FEED, () => {}, { [option]: value });
      await closed([peer]);
      assert.deepEqual(
        peer.errors.map(({ message }) => message),
        ['subscription refused'],
      );
      assert.ok(peer.errors[0].body.includes(option), peer.errors[0].body);
    }
  });
});

describe('a subscriber of the feed that comes back', { concurrency: true }, () => {
  for (const batch of ['false', 'true']) {
    it(`after kill -9 and a restart misses none and gets none twice; batch: ${batch}`, async (t) => {
      const hub = await Hub.start();
      t.after(() => hub.stop());
      const subscriber = new Resuming(hub.base('/ws'));
      t.after(() => subscriber.peer.close());
      const feed = subscriber.watch(FEED, { batch });
      const portfolioId = randomUUID();
      const [early, live, meanwhile, later] = [40, 30, 20, 10].map((count) => purchases(count, portfolioId));
      await trade(hub, ...early);
      subscriber.connect();
      await waitFor(() => rows(feed.messages).length >= 40, 'the retained ones');
      await trade(hub, ...live);
      await waitFor(() => rows(feed.messages).length >= 70, 'the live ones');

      const letGo = subscriber.hold();
      await hub.kill9();
      await waitFor(() => subscriber.peer.closes.length > 0, 'the subscriber to notice');
      await hub.restart();
      await trade(hub, ...meanwhile);
      letGo();
      await waitFor(() => rows(feed.messages).length >= 90, 'those of meanwhile');
      await trade(hub, ...later);
      await waitFor(() => rows(feed.messages).length >= 100, 'the later ones');
      assert.deepEqual(ids(feed.messages), idsOf([...early, ...live, ...meanwhile, ...later]));
      for (const { headers } of feed.messages) assert.equal(headers.snapshot, undefined);
      assert.equal(await metric(hub, 'hub_reconnects_total'), 1);
    });
  }

  it('to any place within the window continues exactly there', async (t) => {
    const { hub, peer, transactions, messages } = await retained(t, 50);
    const sold = sale(transactions[0].portfolioId, 'AAPL', { quantity: 50, price: 12 });
    for (const place of [0, 24, 48]) {
      const { resume } = messages[place].headers;
      const rest = await peer.subscribe(FEED, { resume });
      const expected = idsOf(transactions.slice(place + 1));
      await waitFor(() => rest.length >= expected.length, 'the rest');
      assert.deepEqual(ids(rest), expected);
      assert.equal(rest[0].headers.snapshot, undefined);
    }
    const present = await peer.subscribe(FEED, { resume: messages.at(-1).headers.resume });
    await trade(hub, sold);
    await waitFor(() => present.length > 0, 'the next one');
    assert.deepEqual(ids(present), [sold.transactionId]);
    assert.equal(rows(present)[0].realizedPnl, 100);
  });

  it('from the future or from another log gets the window, which says so', async (t) => {
    const { peer, transactions, messages } = await retained(t, 5);
    const [epoch, offset] = messages.at(-1).headers.resume.split('-');
    for (const [resume, reason] of [
      [`${epoch}-${Number(offset) + 1_000_000}`, 'unknown-position'],
      ['0123456789abcdef-3', 'unknown-epoch'],
    ]) {
      const window = await peer.subscribe(FEED, { resume });
      await waitFor(() => window.length >= 5, 'the window');
      assert.deepEqual(ids(window), idsOf(transactions));
      for (const { headers } of window) assert.equal(headers.snapshot, reason);
    }
  });

  it('from another log to an empty one is told so by an empty array', async (t) => {
    const hub = await Hub.start();
    t.after(() => hub.stop());
    const peer = await Peer.connect(hub.base('/ws'));
    t.after(() => peer.close());
    const messages = await peer.subscribe(FEED, { resume: '0123456789abcdef-3' });
    await waitFor(() => messages.length > 0, 'an answer');
    assert.deepEqual([messages[0].body, messages[0].headers.snapshot], ['[]', 'unknown-epoch']);
    const [next] = purchases(1);
    await trade(hub, next);
    await waitFor(() => messages.length > 1, 'the next one');
    assert.deepEqual([ids(messages), messages[1].headers.snapshot], [[next.transactionId], undefined]);
  });

  it(`after more than ${WINDOW} transactions gets the last ${WINDOW}, which say so`, async (t) => {
    const { hub, peer, messages } = await retained(t, 1);
    await peer.close();
    const transactions = purchases(WINDOW + 500);
    await trade(hub, ...transactions.slice(0, 1000));
    for (let from = 1000; from < transactions.length; from += 2000) {
      await trade(hub, ...transactions.slice(from, from + 2000));
    }
    const late = await Peer.connect(hub.base('/ws'));
    t.after(() => late.close());
    const passed = await late.subscribe(FEED, { resume: messages[0].headers.resume, batch: 'true' });
    await waitFor(() => rows(passed).length >= WINDOW, 'the window');
    assert.deepEqual(ids(passed), idsOf(transactions.slice(-WINDOW)));
    for (const { headers } of passed) assert.equal(headers.snapshot, 'beyond-horizon');
    const fresh = await late.subscribe(FEED, { batch: 'true' });
    await waitFor(() => rows(fresh).length >= WINDOW, 'the window, unasked');
    assert.deepEqual(rows(fresh), rows(passed));
    for (const { headers } of fresh) assert.equal(headers.snapshot, undefined);
  });

  it('after more log time than server.resume_horizon_ms is told so', async (t) => {
    const hub = await Hub.start({ settings: { 'server.resume_horizon_ms': '1000' } });
    t.after(() => hub.stop());
    const peer = await Peer.connect(hub.base('/ws'));
    t.after(() => peer.close());
    // From before it happens: on a slow machine it is retained no more when it is asked for.
    const messages = await peer.subscribe(FEED);
    await trade(hub, ...purchases(1));
    await waitFor(() => messages.length > 0, 'what happens');
    const { resume } = messages[0].headers;
    // Log time passes as records come in.
    const [first] = await waitFor(async () => {
      await quote(hub, { AAPL: 11 });
      const id = randomUUID();
      const again = await peer.subscribe(FEED, { id, resume });
      await trade(hub, ...purchases(1));
      await waitFor(() => again.length > 0, 'an answer');
      await peer.unsubscribe(id);
      return again[0].headers.snapshot && again;
    }, 'the horizon to pass');
    assert.equal(first.headers.snapshot, 'beyond-horizon');
  });

  /** A hub with `count` transactions, and a peer that got them. */
  async function retained(t, count, settings) {
    const hub = await Hub.start({ settings });
    t.after(() => hub.stop());
    const transactions = purchases(count);
    await trade(hub, ...transactions);
    const peer = await Peer.connect(hub.base('/ws'));
    t.after(() => peer.close());
    const messages = await peer.subscribe(FEED);
    await waitFor(() => messages.length >= count, 'the retained ones');
    assert.deepEqual(ids(messages), idsOf(transactions));
    return { hub, peer, transactions, messages };
  }
});

describe('a subscriber of the feed that does not read', () => {
  const BATCH = 2000;

  for (const [transport, url, streamOf] of [
    ['a plain WebSocket', (hub) => hub.ws(), (socket) => socket],
    // sockjs-client can't be paused; the stream below can.
    ['SockJS', (hub) => hub.base('/ws'), (socket) => socket._transport.ws._stream],
  ]) {
    it(`over ${transport} is closed with 4000 once the window has passed it, and costs others nothing`, async (t) => {
      const hub = await Hub.start();
      t.after(() => hub.stop());
      const quick = await Peer.connect(hub.ws());
      t.after(() => quick.close());
      const slow = await Peer.connect(url(hub), { heartbeatIncoming: 0 });
      const missed = await slow.subscribe(FEED);
      const got = await quick.subscribe(FEED, { batch: 'true' });
      const stream = streamOf(slow.client.webSocket);
      stream.pause();
      const sent = [];
      const passed = async () => {
        const next = purchases(BATCH);
        await trade(hub, ...next);
        sent.push(...next);
        const last = next.at(-1).transactionId;
        await waitFor(() => ids(got.slice(-1)).at(-1) === last, 'the newest ones, by who reads');
        return (await metric(hub, 'hub_closed_total{code="4000"}')) > 0;
      };
      await waitFor(passed, 'the window to pass who does not read', 60_000);
      stream.resume();
      const [close] = await closed([slow]);
      assert.deepEqual(close, { code: 4000, reason: 'Too slow: messages would have been lost (limits.outbox_bytes, limits.feed_bytes, limits.feed_events)' });
      assert.deepEqual(ids(missed), idsOf(sent.slice(0, missed.length)), 'what it got has no gap');
      assert.deepEqual(ids(got), idsOf(sent));
      assert.deepEqual(quick.closes, []);
    });
  }
});
