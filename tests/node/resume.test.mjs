// Coming back with a `resume`: exactly what changed since, or a snapshot that says why not.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { Peer } from './lib/peer.mjs';
import { metric, positions } from './lib/rest.mjs';
import { Resuming } from './lib/resuming.mjs';
import { key, newest, purchase, quote, rows, sale, trade } from './lib/trades.mjs';
import { numbers } from './lib/v1.mjs';
import { waitFor } from './lib/wait.mjs';

const POSITION = /^[0-9a-f]{16}-\d+$/;

/** By which URL to come. */
const TRANSPORTS = {
  SockJS: (hub) => hub.base('/ws'),
  'a plain WebSocket': (hub) => hub.ws('/ws'),
};

/** Bodies of `/topic/unrealized-pnl`, batched or not, by portfolio. */
function gains(messages) {
  return newest(rows(messages), ({ portfolio_id }) => portfolio_id);
}

/** The headers of messages, each value once. */
function distinct(messages, header) {
  return [...new Set(messages.map(({ headers }) => headers[header]))];
}

describe('a subscriber that comes back with its resume', { concurrency: true }, () => {
  for (const [transport, url] of Object.entries(TRANSPORTS)) {
    it(`over ${transport}, after kill -9 and a restart, gets exactly what changed meanwhile`, async (t) => {
      const [changed, kept, quoted, later] = Array.from({ length: 4 }, () => randomUUID());
      const hub = await Hub.start();
      t.after(() => hub.stop());
      const subscriber = new Resuming(url(hub));
      t.after(() => subscriber.peer.close());
      const held = subscriber.watch('/topic/position-update');
      const pnl = subscriber.watch('/topic/unrealized-pnl');

      await trade(
        hub,
        purchase(changed, 'AAPL', { quantity: 10, price: 10 }),
        purchase(changed, 'MSFT', { quantity: 5, price: 20 }),
        purchase(kept, 'MSFT', { quantity: 1, price: 20 }),
        purchase(quoted, 'AAPL', { quantity: 2, price: 10 }),
      );
      await quote(hub, { AAPL: 11, MSFT: 21 });
      subscriber.connect();
      await waitFor(() => {
        assert.deepEqual(amounts(pnl.messages), { [changed]: 15, [kept]: 1, [quoted]: 2 });
        assert.equal(newest(rows(held.messages), key).size, 4);
        for (const { messages } of [held, pnl]) assert.match(messages.at(-1).headers.resume, POSITION);
        return true;
      }, 'the state before the crash');
      assert.deepEqual(distinct([...held.messages, ...pnl.messages], 'snapshot'), [undefined]);
      const seen = { held: held.messages.length, pnl: pnl.messages.length };

      const letGo = subscriber.hold();
      await hub.kill9();
      await waitFor(() => subscriber.peer.closes.length > 0, 'the subscriber to notice');
      await hub.restart();
      await trade(hub, sale(changed, 'AAPL', { quantity: 4, price: 12 }));
      await quote(hub, { AAPL: 12 });
      letGo();
      const news = () => ({ held: held.messages.slice(seen.held), pnl: pnl.messages.slice(seen.pnl) });
      await waitFor(() => {
        assert.deepEqual(amounts(news().pnl), { [changed]: 17, [quoted]: 4 });
        assert.deepEqual(state(news().held), { [`${changed} AAPL`]: [6, 60, 8] });
        return true;
      }, 'what changed');

      // What comes next is all that comes: nothing of what had not changed is on its way.
      await trade(hub, purchase(later, 'TSLA', { quantity: 3, price: 5 }));
      await quote(hub, { TSLA: 6 });
      await waitFor(() => {
        assert.equal(amounts(news().pnl)[later], 3);
        assert.deepEqual(state(news().held)[`${later} TSLA`], [3, 15, 0]);
        return true;
      }, 'what changes from then on');
      assert.deepEqual(amounts(news().pnl), { [changed]: 17, [quoted]: 4, [later]: 3 });
      assert.deepEqual(Object.keys(state(news().held)), [`${changed} AAPL`, `${later} TSLA`]);
      assert.deepEqual(distinct([...news().held, ...news().pnl], 'snapshot'), [undefined]);
      assert.deepEqual(newest(rows(held.messages), key), newest(await positions(hub), key));
      assert.deepEqual(subscriber.peer.errors, []);
      assert.equal(await metric(hub, 'hub_reconnects_total'), 2);
    });

    it(`over ${transport}, of a log that was lost, is told so: unknown-epoch`, async (t) => {
      const portfolioId = randomUUID();
      const hub = await Hub.start();
      t.after(() => hub.stop());
      const subscriber = new Resuming(url(hub));
      t.after(() => subscriber.peer.close());
      const held = subscriber.watch('/topic/position-update');
      const pnl = subscriber.watch('/topic/unrealized-pnl');
      await trade(hub, purchase(portfolioId, 'AAPL'));
      await quote(hub, { AAPL: 11 });
      subscriber.connect();
      await waitFor(
        () => held.resume && amounts(pnl.messages)[portfolioId] === 1,
        'the state of the first log',
      );
      const old = { held: held.resume, pnl: pnl.resume, count: held.messages.length + pnl.messages.length };

      await hub.kill9();
      await hub.loseLog();
      await hub.restart();
      await waitFor(() => held.messages.length + pnl.messages.length >= old.count + 2, 'two answers');
      for (const [{ messages, resume }, before] of [
        [held, old.held],
        [pnl, old.pnl],
      ]) {
        const { body, headers } = messages.at(-1);
        assert.deepEqual([body, headers.snapshot], ['[]', 'unknown-epoch']);
        assert.match(resume, POSITION);
        assert.notEqual(epoch(resume), epoch(before));
      }

      const other = randomUUID();
      await trade(hub, purchase(other, 'MSFT', { quantity: 7 }));
      await waitFor(() => rows(held.messages).some(({ id }) => id.portfolioId === other), 'the new log');
      assert.deepEqual(held.messages.at(-1).headers.snapshot, undefined, 'said once');

      const late = await Peer.connect(url(hub));
      t.after(() => late.close());
      const messages = await late.subscribe('/topic/position-update', { resume: old.held });
      await waitFor(() => messages.length > 0, 'a snapshot of the new log');
      assert.deepEqual(state(messages), { [`${other} MSFT`]: [7, 70, 0] });
      assert.deepEqual(distinct(messages, 'snapshot'), ['unknown-epoch']);
      assert.equal(await metric(hub, 'hub_reconnects_total'), 0);
    });
  }

  it('from the future of its log is told so: unknown-position', async (t) => {
    const { hub, peer, held, resume } = await one(t);
    const future = `${epoch(resume)}-${offset(resume) + 1_000_000}`;
    const messages = await peer.subscribe('/topic/position-update', { resume: future });
    await waitFor(() => messages.length > 0, 'a snapshot');
    assert.deepEqual(distinct(messages, 'snapshot'), ['unknown-position']);
    assert.deepEqual(rows(messages), await positions(hub));
    assert.deepEqual(rows(messages), rows(held));
  });

  it('after more log time than server.resume_horizon_ms is told so: beyond-horizon', async (t) => {
    const { hub, peer, portfolioId, resume } = await one(t, { 'server.resume_horizon_ms': '1000' });
    // Log time passes as records come in.
    const messages = await waitFor(async () => {
      await quote(hub, { AAPL: 11 });
      const id = randomUUID();
      const messages = await peer.subscribe('/topic/position-update', { id, resume });
      await trade(hub, purchase(randomUUID(), 'FENCE'));
      await waitFor(() => messages.length > 0, 'an answer');
      await peer.unsubscribe(id);
      return messages[0].headers.snapshot && messages;
    }, 'the horizon to pass');
    const snapshot = messages.filter(({ headers }) => headers.snapshot);
    assert.deepEqual(distinct(snapshot, 'snapshot'), ['beyond-horizon']);
    assert.deepEqual(state(snapshot)[`${portfolioId} AAPL`], [1, 10, 0]);
  });

  it('that is the present gets nothing but what comes next', async (t) => {
    const { hub, peer, held, resume } = await one(t);
    const messages = await peer.subscribe('/topic/position-update', { resume });
    const next = randomUUID();
    await trade(hub, purchase(next, 'MSFT'));
    await waitFor(() => messages.length > 0 && held.length > 1, 'what comes next');
    assert.deepEqual(state(messages), { [`${next} MSFT`]: [1, 10, 0] });
    assert.deepEqual(rows(messages), rows(held.slice(1)));
  });

  it('and asks for no snapshot gets what changed all the same', async (t) => {
    const { hub, peer, held, resume } = await one(t);
    const next = randomUUID();
    await trade(hub, purchase(next, 'MSFT'));
    await waitFor(() => held.length > 1, 'the change');
    const options = { resume, snapshot: 'false' };
    const messages = await peer.subscribe('/topic/position-update', options);
    await waitFor(() => messages.length > 0, 'what changed');
    assert.deepEqual(state(messages), { [`${next} MSFT`]: [1, 10, 0] });
  });

  it('resumes part of a topic by the resume of that part', async (t) => {
    const { hub, peer, portfolioId, held } = await one(t);
    const destination = `/topic/position-update/${portfolioId}`;
    const part = await peer.subscribe(destination);
    await waitFor(() => part.at(-1)?.headers.resume, 'the part');
    await trade(hub, purchase(randomUUID(), 'MSFT'), purchase(portfolioId, 'MSFT', { quantity: 2 }));
    await waitFor(() => rows(held).length >= 3 && rows(part).length >= 2, 'the change');
    const messages = await peer.subscribe(destination, { resume: part[0].headers.resume });
    await waitFor(() => messages.length > 0, 'what changed');
    assert.deepEqual(state(messages), { [`${portfolioId} MSFT`]: [2, 20, 0] });
  });

  /** A hub with one position, and a peer that has its snapshot. */
  async function one(t, settings) {
    const hub = await Hub.start({ settings });
    t.after(() => hub.stop());
    const portfolioId = randomUUID();
    await trade(hub, purchase(portfolioId, 'AAPL'));
    const peer = await Peer.connect(hub.base('/ws'));
    t.after(() => peer.close());
    const held = await peer.subscribe('/topic/position-update');
    await waitFor(() => held.at(-1)?.headers.resume, 'a snapshot with a resume');
    return { hub, peer, portfolioId, held, resume: held.at(-1).headers.resume };
  }
});

describe('a resume', () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  it('comes on the last message of each drain, and no message-id comes twice', async (t) => {
    const portfolios = Array.from({ length: 20 }, () => randomUUID());
    await trade(hub, ...portfolios.map((id) => purchase(id, 'AAPL')));
    await quote(hub, { AAPL: 11 });
    const peer = await Peer.connect(hub.base('/ws'));
    t.after(() => peer.close());
    const messages = await peer.subscribe('/topic/unrealized-pnl');
    await waitFor(() => messages.length >= portfolios.length, 'the snapshot');
    await waitFor(() => messages.at(-1).headers.resume, 'a resume at its end');
    for (let price = 12; price < 20; price++) {
      await quote(hub, { AAPL: price });
      await waitFor(() => amounts(messages)[portfolios[0]] === price - 10, `the price of ${price}`);
    }
    await waitFor(() => {
      assert.deepEqual([...new Set(Object.values(amounts(messages)))], [9]);
      return messages.at(-1).headers.resume;
    }, 'the last price for all');
    const ids = distinct(messages, 'message-id');
    assert.equal(ids.length, messages.length);
    const resumes = messages.map(({ headers }) => headers.resume).filter(Boolean);
    for (const resume of resumes) assert.match(resume, POSITION);
    for (const id of ids) assert.match(id, /^[0-9a-f]{16}-\d+-\d+$/);
    assert.deepEqual([...new Set([...ids, ...resumes].map(epoch))], [epoch(resumes[0])]);
    const offsets = resumes.map(offset);
    assert.deepEqual(
      offsets,
      [...offsets].sort((a, b) => a - b),
    );
  });
});

/** `portfolioId` to unrealised P&L. */
function amounts(messages) {
  const all = [...gains(messages)].map(([id, { overallUnrealised_Pnl }]) => [id, overallUnrealised_Pnl]);
  return Object.fromEntries(all);
}

/** `portfolioId symbol` to holdings, invested, realised. */
function state(messages) {
  const all = [...newest(rows(messages), key)].map(([name, row]) => [name, Object.values(numbers(row))]);
  return Object.fromEntries(all);
}

function epoch(position) {
  return position.split('-')[0];
}

function offset(position) {
  return Number(position.split('-')[1]);
}
