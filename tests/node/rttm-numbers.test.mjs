// RTTM: rates by their windows, and everything that the hub itself rejected as a dead letter.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { Peer } from './lib/peer.mjs';
import { assertProblem, get, ingest, post, postJson, read } from './lib/rest.mjs';
import { STAGES, assertDlq, dlqEvent, errorEvent, halfAMinuteAgo, queueMetric } from './lib/rttm.mjs';
import { report, tradeEvent, values } from './lib/rttm.mjs';
import { assertLetter } from './lib/shapes.mjs';
import { purchase, sale, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const SERVICE = 'rttm';
const LETTERS = '/api/rttm/dead-letters';

describe('the numbers of RTTM', { concurrency: true }, () => {
  async function start(t, settings) {
    const hub = await Hub.start({ settings });
    t.after(() => hub.stop());
    return hub;
  }

  it('has the success rates of vector V6', async (t) => {
    const hub = await start(t);
    // A hundredth of its 81677, 42377, 1654, 1654 or so, with the same rates.
    const counts = [692, 359, 14, 14];
    const begin = halfAMinuteAgo();
    const ids = Array.from({ length: counts[0] }, () => randomUUID());
    const events = ids.flatMap((id, trade) => {
      const stages = STAGES.filter((_, stage) => trade < counts[stage]);
      return stages.map((stage) => tradeEvent(id, stage, begin));
    });
    await report(hub, 'trade-events', events);
    const stages = await read(hub, '/api/rttm/pipeline', SERVICE);
    assert.deepEqual(
      stages.map(({ count, successRate }) => [count, successRate]),
      [
        [692, 100],
        [359, 51.88],
        [14, 3.9],
        [14, 100],
      ],
    );
    assert.equal(values(await read(hub, '/api/rttm/metrics', SERVICE))[1], 692, 'Peak TPS is of one second');
  });

  it('shows Current TPS as a rate over 5 s, of trades and not of events, and lets it fall', async (t) => {
    const hub = await start(t);
    const now = Date.now();
    const ids = Array.from({ length: 12 }, () => randomUUID());
    const events = ids.flatMap((id) => STAGES.map((stage) => tradeEvent(id, stage, now)));
    await report(hub, 'trade-events', events);
    const current = async () => values(await read(hub, '/api/rttm/metrics', SERVICE))[0];
    assert.equal(await current(), 2.4);
    await waitFor(async () => (await current()) === 0, 'the 5 s to be over');
    assert.ok(Date.now() - now >= 4900, `after ${Date.now() - now} ms`);
  });

  it('is all zeros before anything happened', async (t) => {
    const hub = await start(t);
    assert.deepEqual(values(await read(hub, '/api/rttm/metrics', SERVICE)), [0, 0, 0, 0, 0]);
    const stages = await read(hub, '/api/rttm/pipeline', SERVICE);
    const zeros = STAGES.map((name) => ({ name, count: 0, latencyMs: 0, successRate: 0 }));
    assert.deepEqual(stages, zeros);
    const dlq = await read(hub, '/api/rttm/dlq', SERVICE);
    assert.deepEqual(dlq, { total: 0, byStage: {}, lastErrorTime: null, classes: [] });
    const peer = await NativePeer.connect(hub.ws('/ws/telemetry', SERVICE));
    t.after(() => peer.close());
    await waitFor(() => peer.messages.length >= 4, 'two rounds');
    assert.equal(peer.of('KAFKA_LAG').length, 0, 'there is no queue');
  });
});

describe('what the hub rejects is a dead letter', () => {
  const portfolioId = randomUUID();
  const oversold = sale(portfolioId, 'AAPL', { quantity: 3 });
  const ids = [];
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  /** Waits for `count` dead letters, newest first. */
  const letters = (count) =>
    waitFor(async () => {
      const { total, deadLetters, next } = await read(hub, LETTERS, SERVICE);
      assert.deepEqual([total, deadLetters.length, next], [count, count, null]);
      return deadLetters;
    }, `${count} dead letters`);

  for (const [kind, event, field] of [
    ['trade-events', tradeEvent('42', 'RECEIVED', 1), 'tradeId'],
    ['trade-events', { ...tradeEvent(randomUUID(), 'RECEIVED', 1), eventType: 'CONSUMED' }, 'eventType'],
    ['trade-events', tradeEvent(randomUUID(), 'RECEIVED', Date.now() + 600_000), 'eventTime'],
    ['queue-metrics', queueMetric(-2000), 'producedOffset'],
    ['dlq-events', dlqEvent('NOWHERE'), 'eventStage'],
    ['error-events', errorEvent('ENRICHED', { errorType: 'SAD' }), 'errorType'],
    ['invalid-trades', { validationErrors: 'x' }, 'tradeId'],
    ['prices', { symbol: 'AAPL', price: 'NaN' }, 'price'],
    ['risk', { portfolioId, avgRateOfReturn: 1, sharpeRatio: 1 }, 'sortinoRatio'],
    ['portfolios', { portfolioId: 'mine', name: 'x' }, 'portfolioId'],
  ]) {
    it(`${kind} with a wrong ${field}`, async () => {
      const { status, body } = await ingest(hub, kind, [event]);
      assert.deepEqual([status, body.results[0].field], [422, field], JSON.stringify(body));
      ids.push(body.results[0].position.split('-').at(-1));
      const [letter] = await letters(ids.length);
      assert.deepEqual([letter.kind, letter.field, letter.id], [kind, field, ids.at(-1)]);
      assert.deepEqual([letter.reason, letter.position], [body.results[0].reason, body.results[0].position]);
    });
  }

  it('a sale of more than is held', async () => {
    await trade(hub, purchase(portfolioId, 'AAPL', { quantity: 2 }));
    const { status, body } = await ingest(hub, 'transactions', [oversold]);
    assert.equal(status, 422);
    ids.push(body.results[0].position.split('-').at(-1));
    const [letter] = await letters(ids.length);
    assert.deepEqual([letter.kind, letter.field, letter.id], ['transactions', 'quantity', ids.at(-1)]);
    assert.equal(letter.rawForm, 'canonical');
    assert.equal(JSON.parse(letter.raw).transactionId, oversold.transactionId);
    await trade(hub, purchase(portfolioId, 'AAPL', { quantity: 1 }));
    const { method, path } = letter.postTo;
    assert.equal(method, 'POST');
    const again = await post(hub, path, letter.raw, { 'content-type': letter.contentType });
    assert.equal(again.status, 200, 'the cause is gone');
  });

  it("a wrong item among good ones, and one of a STOMP client's", async () => {
    const items = [{ symbol: 'MSFT', price: 1 }, { symbol: 'MSFT' }, { symbol: 'MSFT', price: 2 }];
    const { status } = await ingest(hub, 'prices', items);
    assert.equal(status, 207);
    ids.push((await letters(ids.length + 1))[0].id);
    const peer = await Peer.connect(hub.ws());
    peer.client.publish({ destination: '/app/prices', body: '{"symbol":"","price":1}' });
    ids.push((await letters(ids.length + 1))[0].id);
    await peer.close();
  });

  it("an auto-trader's command that can't be done", async () => {
    const { status } = await postJson(
      hub,
      '/api/auto-trader/sessions',
      { initialCapital: -1 },
      'auto-trader',
    );
    assert.equal(status, 422);
    const [letter] = await letters(ids.length + 1);
    ids.push(letter.id);
    assert.deepEqual([letter.kind, letter.field], ['auto-trader', 'initialCapital']);
    assert.deepEqual(JSON.parse(letter.raw), { initialCapital: -1 });
  });

  it('and is listed page by page, newest first, and looked at one by one', async () => {
    const all = await letters(ids.length);
    assert.deepEqual(
      all.map(({ id }) => id),
      ids.toReversed(),
    );
    for (const letter of all) {
      assertLetter(letter);
    }
    const pages = [];
    for (let query = '?limit=4'; query;) {
      const { total, deadLetters, next } = await read(hub, LETTERS + query, SERVICE);
      assert.equal(total, ids.length);
      pages.push(deadLetters);
      query = next && `?limit=4&before=${next}`;
    }
    assert.deepEqual(pages.flat(), all);
    assert.equal(pages.length, Math.ceil(ids.length / 4));
    assert.deepEqual(await read(hub, `${LETTERS}/${ids[0]}`, SERVICE), all.at(-1));
    for (const [path, status] of [
      ['/0', 404],
      ['/x', 404],
      ['?limit=x', 400],
      ['?before=x', 400],
    ]) {
      assertProblem(await get(hub, LETTERS + path, SERVICE), status, /./);
    }
  });

  it('and counts under INGEST, beside what the stages gave up', async () => {
    await report(hub, 'dlq-events', [dlqEvent('ENRICHED', { reason: 'x' }), dlqEvent('COMMITTED')]);
    const dlq = await read(hub, '/api/rttm/dlq', SERVICE);
    assertDlq(dlq);
    assert.deepEqual(dlq.byStage, { ENRICHED: 1, COMMITTED: 1, INGEST: ids.length });
    const oversold = dlq.classes.find(({ originalTopic }) => originalTopic === 'transactions');
    const { stage, service, errorType, count } = oversold;
    assert.deepEqual([stage, service, errorType, count], ['INGEST', 'pms-hub', 'BUSINESS', 1]);
    assert.equal(values(await read(hub, '/api/rttm/metrics', SERVICE))[3], ids.length + 2);
  });

  it('and of what is no JSON at all the body is one', async () => {
    const { status } = await post(hub, '/api/ingest/prices', 'nonsense', {
      'content-type': 'application/json',
    });
    assert.equal(status, 400);
    await letters(ids.length + 1);
  });
});
