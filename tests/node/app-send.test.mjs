// SEND to `/app/{kind}`: ingest over STOMP. A RECEIPT means committed and applied.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { Peer, closed } from './lib/peer.mjs';
import { metric, positions } from './lib/rest.mjs';
import { assertPosition } from './lib/shapes.mjs';
import { purchase, rows, sale } from './lib/trades.mjs';
import { BEFORE_OVERSELL, numbers, vector } from './lib/v1.mjs';
import { waitFor } from './lib/wait.mjs';

const TRANSACTIONS = '/app/transactions';
const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON_TYPE = { 'content-type': 'application/x-ndjson' };

/** By which URL to come. */
const TRANSPORTS = {
  SockJS: (hub) => hub.base('/ws'),
  'a plain WebSocket': (hub) => hub.ws('/ws'),
};

for (const [transport, url] of Object.entries(TRANSPORTS)) {
  describe(`a SEND to /app over ${transport}`, { concurrency: true }, () => {
    let hub;
    before(async () => (hub = await Hub.start()));
    after(() => hub?.stop());

    async function connect(t) {
      const peer = await Peer.connect(url(hub));
      t.after(() => peer.close());
      return peer;
    }

    /** Holdings, invested and realised by symbol, as REST says them now. */
    async function held(portfolioId) {
      const own = (await positions(hub)).filter(({ id }) => id.portfolioId === portfolioId);
      own.forEach(assertPosition);
      return Object.fromEntries(own.map((row) => [row.id.symbol, Object.values(numbers(row))]));
    }

    /** Sends what is not all taken, and returns the ERROR that comes before the close. */
    async function refused(destination, body, headers = JSON_TYPE) {
      const peer = await Peer.connect(url(hub));
      const receipts = [];
      peer.client.watchForReceipt('refused', (frame) => receipts.push(frame));
      peer.client.publish({ destination, body, headers: { ...headers, receipt: 'refused' } });
      assert.deepEqual(await closed([peer]), [{ code: 4500, reason: 'Protocol error' }]);
      assert.equal(peer.errors.length, 1);
      assert.equal(peer.errors[0]['receipt-id'], 'refused');
      assert.deepEqual(receipts, [], 'ERROR instead of a RECEIPT');
      return peer.errors[0];
    }

    it('of vector V1 is applied by the time of its RECEIPT, one item at a time', async (t) => {
      const portfolioId = randomUUID();
      const peer = await connect(t);
      for (const [index, { transaction, after }] of vector(portfolioId, 'V1').entries()) {
        if (index === BEFORE_OVERSELL) {
          const { message, body } = await refused(TRANSACTIONS, JSON.stringify(transaction));
          assert.equal(message, 'rejected');
          assert.ok(body.includes('item 0: quantity: is more than the 30 held'), body);
        } else {
          await peer.send(TRANSACTIONS, { body: JSON.stringify(transaction), headers: JSON_TYPE });
        }
        assert.deepEqual(await held(portfolioId), { V1: Object.values(after) });
      }
      assert.deepEqual(peer.errors, []);
    });

    it('may be an array, NDJSON, and without a content type', async (t) => {
      const portfolioId = randomUUID();
      const peer = await connect(t);
      const two = () => [purchase(portfolioId, 'AAPL'), purchase(portfolioId, 'MSFT', { quantity: '2.5' })];
      await peer.send(TRANSACTIONS, { body: JSON.stringify(two()), headers: JSON_TYPE });
      assert.deepEqual(await held(portfolioId), { AAPL: [1, 10, 0], MSFT: [2.5, 25, 0] });
      const lines = two().map((item) => `${JSON.stringify(item)}\n`);
      await peer.send(TRANSACTIONS, { body: lines.join(''), headers: NDJSON_TYPE });
      assert.deepEqual(await held(portfolioId), { AAPL: [2, 20, 0], MSFT: [5, 50, 0] });
      await peer.send(TRANSACTIONS, { body: JSON.stringify(two()) });
      assert.deepEqual(await held(portfolioId), { AAPL: [3, 30, 0], MSFT: [7.5, 75, 0] });
    });

    it('reaches subscribers, its own session among them, as any other ingest', async (t) => {
      const portfolioId = randomUUID();
      const symbol = `SUB${transport.length}`;
      const [sender, other] = [await connect(t), await connect(t)];
      const mailboxes = await Promise.all(
        [sender, other].map((peer) => peer.subscribe(`/topic/position-update/${portfolioId}`)),
      );
      const pnl = await other.subscribe(`/topic/unrealized-pnl/${portfolioId}`);
      const body = JSON.stringify(purchase(portfolioId, symbol, { quantity: 3 }));
      await sender.send(TRANSACTIONS, { body, headers: JSON_TYPE });
      await sender.send('/app/prices', {
        body: JSON.stringify({ symbol, price: '12.5' }),
        headers: JSON_TYPE,
      });
      for (const messages of mailboxes) {
        await waitFor(() => rows(messages).length > 0, 'the position');
        assert.deepEqual(Object.values(numbers(rows(messages)[0])), [3, 30, 0]);
      }
      await waitFor(() => pnl.length > 0, 'the unrealised P&L');
      assert.deepEqual(JSON.parse(pnl.at(-1).body), {
        symbol: { [symbol]: 7.5 },
        overallUnrealised_Pnl: 7.5,
        portfolio_id: portfolioId,
      });
    });

    it('of what is a duplicate or stale is fine, and changes nothing', async (t) => {
      const portfolioId = randomUUID();
      const peer = await connect(t);
      const body = JSON.stringify(purchase(portfolioId, 'AAPL'));
      await peer.send(TRANSACTIONS, { body, headers: JSON_TYPE });
      await peer.send(TRANSACTIONS, { body, headers: JSON_TYPE });
      await peer.send(TRANSACTIONS, { body: `[${body},${body}]`, headers: JSON_TYPE });
      assert.deepEqual(await held(portfolioId), { AAPL: [1, 10, 0] });
      const symbol = `STALE${transport.length}`;
      for (const timestamp of ['2025-01-02T00:00:00.000Z', '2025-01-01T00:00:00.000Z']) {
        const price = JSON.stringify({ symbol, price: 1, timestamp });
        await peer.send('/app/prices', { body: price, headers: JSON_TYPE });
      }
      assert.ok((await metric(hub, 'hub_ingest_total{kind="prices",status="stale"}')) >= 1);
      assert.ok((await metric(hub, 'hub_ingest_total{kind="transactions",status="duplicate"}')) >= 3);
    });

    it('takes in every kind', async (t) => {
      const peer = await connect(t);
      for (const [kind, item] of [
        ['transactions', purchase(randomUUID(), 'AAPL')],
        ['prices', { symbol: `KIND${transport.length}`, price: 1 }],
        ['portfolios', { portfolioId: randomUUID(), name: 'Ersparnisse' }],
        ['symbols', { symbol: 'AAPL', sector: 'Technology' }],
      ]) {
        const sample = `hub_ingest_total{kind="${kind}",status="accepted"}`;
        const before = await metric(hub, sample);
        await peer.send(`/app/${kind}`, { body: JSON.stringify(item), headers: JSON_TYPE });
        assert.ok((await metric(hub, sample)) > before, kind);
      }
    });

    it('in which items are rejected gets an ERROR that names each of them, and the others are applied', async () => {
      const portfolioId = randomUUID();
      const items = [
        purchase(portfolioId, 'AAPL', { quantity: 30 }),
        sale(portfolioId, 'AAPL', { quantity: 31 }),
        { ...purchase(portfolioId, 'AAPL'), side: 'HOLD' },
        sale(portfolioId, 'AAPL', { quantity: 10, price: 12 }),
        { ...purchase(portfolioId, 'AAPL'), quantity: 'NaN' },
      ];
      const { message, body } = await refused(TRANSACTIONS, JSON.stringify(items));
      assert.equal(message, 'rejected');
      assert.match(body, /item 1: quantity: is more than the 30 held/);
      assert.match(body, /item 2: side: /);
      assert.match(body, /item 4: quantity: /);
      assert.doesNotMatch(body, /item [03]:/);
      assert.deepEqual(await held(portfolioId), { AAPL: [20, 200, 20] });
    });

    for (const [what, destination, body, headers] of [
      ['a body that is no JSON', TRANSACTIONS, 'not JSON', JSON_TYPE],
      ['a body that breaks off', TRANSACTIONS, '[{"transactionId":', JSON_TYPE],
      ['an empty body', TRANSACTIONS, '', JSON_TYPE],
      ['a kind that does not exist', '/app/wishes', '{}', JSON_TYPE],
    ]) {
      it(`of ${what} is refused`, async () => {
        const error = await refused(destination, body, headers);
        assert.equal(error.message, 'message refused');
        assert.ok(error.body, 'says why');
      });
    }

    it('is taken in in the order of the session, though none waits for another', async (t) => {
      const COUNT = 100;
      const portfolioId = randomUUID();
      const peer = await connect(t);
      const send = (item, receipt) => {
        const body = JSON.stringify(item);
        peer.client.publish({ destination: TRANSACTIONS, body, headers: { ...JSON_TYPE, receipt } });
      };
      const expected = Array.from({ length: COUNT }, (_, index) => [`buy-${index}`, `sell-${index}`]).flat();
      const receipts = [];
      for (const id of expected) peer.client.watchForReceipt(id, () => receipts.push(id));
      for (let index = 0; index < COUNT; index++) {
        send(purchase(portfolioId, 'AAPL', { quantity: index + 1 }), `buy-${index}`);
        send(sale(portfolioId, 'AAPL', { quantity: index + 1, price: 11 }), `sell-${index}`);
      }
      await waitFor(() => {
        assert.deepEqual(peer.errors, []);
        return receipts.length === expected.length;
      }, 'all receipts');
      assert.deepEqual(receipts, expected);
      assert.deepEqual(await held(portfolioId), { AAPL: [0, 0, (COUNT * (COUNT + 1)) / 2] });
    });

    it('has its RECEIPT before that of a DISCONNECT that follows it', async () => {
      const portfolioId = randomUUID();
      const peer = await Peer.connect(url(hub));
      const receipts = [];
      for (let index = 0; index < 20; index++) {
        const receipt = `batch-${index}`;
        peer.client.watchForReceipt(receipt, () => receipts.push(receipt));
        const items = Array.from({ length: 200 }, () => purchase(portfolioId, 'AAPL'));
        const body = JSON.stringify(items);
        peer.client.publish({ destination: TRANSACTIONS, body, headers: { ...JSON_TYPE, receipt } });
      }
      peer.client.onDisconnect = () => receipts.push('DISCONNECT');
      await peer.close();
      const batches = Array.from({ length: 20 }, (_, index) => `batch-${index}`);
      assert.deepEqual(receipts, [...batches, 'DISCONNECT']);
      assert.deepEqual(await held(portfolioId), { AAPL: [4000, 40000, 0] });
      assert.deepEqual([peer.errors, peer.closes[0].code], [[], 1000]);
    });
  });
}

describe('what a RECEIPT has confirmed', () => {
  it('is there after kill -9 and a restart', async (t) => {
    const hub = await Hub.start();
    t.after(() => hub.stop());
    const peer = await Peer.connect(hub.base('/ws'));
    const portfolioId = randomUUID();
    const items = [
      purchase(portfolioId, 'AAPL', { quantity: 5 }),
      sale(portfolioId, 'AAPL', { quantity: 2 }),
    ];
    await peer.send(TRANSACTIONS, { body: JSON.stringify(items), headers: JSON_TYPE });
    const before = await positions(hub);
    assert.deepEqual(before.map(numbers), [{ holdings: 3, totalInvested: 30, realizedPnl: 10 }]);
    await hub.kill9();
    await hub.restart();
    assert.deepEqual(await positions(hub), before);
  });
});
