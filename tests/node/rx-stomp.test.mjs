// rx-stomp, which the frontend's guide names for analytics: what an Angular page does with it.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import SockJS from 'sockjs-client';
import { firstValueFrom } from 'rxjs';

import { Hub } from './lib/hub.mjs';
import { get, positions, publish } from './lib/rest.mjs';
import { RxPeer } from './lib/rx-peer.mjs';
import { key, newest, purchase, quote, rows, sale, trade } from './lib/trades.mjs';
import { DEADLINE_MS, waitFor } from './lib/wait.mjs';

const POSITIONS = '/topic/position-update';
const PNL = '/topic/unrealized-pnl';

const sockJs = (options) => (hub) => {
  const url = hub.base('/ws');
  return { webSocketFactory: () => new SockJS(url, null, { timeout: DEADLINE_MS, ...options }) };
};

/** How rx-stomp is told to connect. */
const WAYS = {
  'a WebSocket': (hub) => ({ brokerURL: hub.ws('/ws') }),
  'a WebSocket at the root': (hub) => ({ brokerURL: hub.ws('/') }),
  SockJS: sockJs({}),
  'SockJS over xhr-streaming': sockJs({ transports: 'xhr-streaming' }),
};

const SETTINGS = { 'relay.client_send': 'true', 'limits.heartbeat_ms': '1000' };

/** Heart-beats by which both sides soon notice that the other is gone; in Node, xhr-streaming has nothing else. */
const BEATING = { heartbeatIncoming: 1000, heartbeatOutgoing: 1000 };

const bodies = ({ messages }) => messages.map(({ body }) => body);

// Side by side, for heart-beats take their time.
describe('rx-stomp', { concurrency: true }, () => {
  for (const [name, way] of Object.entries(WAYS)) {
    describe(`over ${name}`, { concurrency: true }, () => {
      let hub;
      before(async () => (hub = await Hub.start({ settings: SETTINGS })));
      after(() => hub?.stop());

      async function connect(t, config) {
        const peer = await RxPeer.connect({ ...way(hub), ...config });
        t.after(() => peer.close());
        return peer;
      }

      it('tells each state of the connection, and leaves by DISCONNECT', async () => {
        const peer = new RxPeer(way(hub));
        assert.deepEqual(peer.states, ['CLOSED']);
        peer.rx.activate();
        await firstValueFrom(peer.rx.connected$);
        assert.deepEqual(peer.states, ['CLOSED', 'CONNECTING', 'OPEN']);
        await peer.close();
        assert.deepEqual(peer.states, ['CLOSED', 'CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']);
        assert.match(peer.transcript.at(-1), /^<<< RECEIPT\n/);
        assert.deepEqual(peer.errors, []);
      });

      it('watches both topics: what is, then what changes', async (t) => {
        const portfolioId = randomUUID();
        await trade(hub, purchase(portfolioId, 'AAPL', { quantity: 100, price: 10 }));
        await quote(hub, { AAPL: 11 });
        const peer = await connect(t);
        const held = peer.watch(`${POSITIONS}/${portfolioId}`);
        const gained = peer.watch(`${PNL}/${portfolioId}`);
        await shows(hub, held, portfolioId, { AAPL: 100 });
        await gains(gained, { AAPL: 100 });
        await trade(
          hub,
          sale(portfolioId, 'AAPL', { quantity: 40, price: 12 }),
          purchase(portfolioId, 'MSFT'),
        );
        await shows(hub, held, portfolioId, { AAPL: 60, MSFT: 1 });
        await gains(gained, { AAPL: 60, MSFT: 0 }, ['MSFT']);
        assert.deepEqual(peer.unhandled, []);
      });

      it('has options as headers of a watch', async (t) => {
        const portfolioId = randomUUID();
        await trade(hub, purchase(portfolioId, 'AAPL'), purchase(randomUUID(), 'AAPL'));
        const peer = await connect(t);
        const held = peer.watch(POSITIONS, { subHeaders: { 'portfolio-ids': portfolioId, interval: '0' } });
        await waitFor(() => held.messages.length > 0, 'the snapshot');
        assert.deepEqual(rows(held.messages).map(key), [`${portfolioId} AAPL`]);
      });

      it('is told by a RECEIPT that what it published is applied', async (t) => {
        const item = purchase(randomUUID(), 'RECEIPT', { quantity: 3 });
        const peer = await connect(t);
        await peer.publish('/app/transactions', JSON.stringify(item));
        const held = (await positions(hub)).find(({ id }) => id.portfolioId === item.portfolioId);
        assert.equal(held.holdings, 3);
        const receipt = peer.rx.asyncReceipt('later');
        peer.rx.publish({ destination: '/topic/relay/nobody', body: 'x', headers: { receipt: 'later' } });
        assert.equal((await receipt).headers['receipt-id'], 'later');
      });

      it('publishes what was published before it was connected, once and in order', async (t) => {
        const numbers = Array.from({ length: 20 }, (_, index) => String(index));
        const destination = `/topic/relay/${randomUUID()}`;
        const witness = await connect(t);
        const seen = witness.watch(destination, { subHeaders: { receipt: 'watched' } });
        await witness.rx.asyncReceipt('watched');
        const peer = new RxPeer(way(hub));
        t.after(() => peer.close());
        for (const body of numbers) peer.rx.publish({ destination, body });
        await peer.open();
        await peer.publish(destination, 'last');
        await waitFor(() => seen.messages.length > numbers.length, 'all of them');
        assert.deepEqual(bodies(seen), [...numbers, 'last']);
      });

      it('subscribes once for all who watch, and unsubscribes when the last one leaves', async (t) => {
        const destination = `/topic/relay/${randomUUID()}`;
        const peer = await connect(t);
        const params = { destination, subHeaders: { receipt: 'in' }, unsubHeaders: { receipt: 'out' } };
        const [one, other] = [[], []];
        const subscribed = peer.rx.asyncReceipt('in');
        const shared = peer.rx.watch(params);
        const subscriptions = [one, other].map((seen) => shared.subscribe(({ body }) => seen.push(body)));
        await subscribed;
        await publish(hub, destination, 'for both');
        await waitFor(() => one.length > 0 && other.length > 0, 'the message, twice');
        subscriptions[0].unsubscribe();
        await publish(hub, destination, 'for one');
        await waitFor(() => other.length > 1, 'the message');
        const unsubscribed = peer.rx.asyncReceipt('out');
        subscriptions[1].unsubscribe();
        await unsubscribed;
        await publish(hub, destination, 'for nobody');
        await peer.publish('/topic/relay/elsewhere', 'a round trip');
        assert.deepEqual([one, other], [['for both'], ['for both', 'for one']]);
        assert.deepEqual(peer.unhandled, []);
        assert.equal(peer.transcript.filter((head) => head.startsWith('>>> SUBSCRIBE')).length, 1);
      });

      it('acknowledges what it takes from a queue, and gets back what it does not', async (t) => {
        const destination = `/queue/relay/${randomUUID()}`;
        const peer = await connect(t);
        const taken = peer.watch(destination, { subHeaders: { ack: 'client-individual' } });
        await peer.publish(destination, 'first');
        await waitFor(() => taken.messages.length > 0, 'the message');
        taken.messages[0].nack();
        await waitFor(() => taken.messages.length > 1, 'the message, again');
        assert.deepEqual(bodies(taken), ['first', 'first']);
        assert.equal(taken.messages[1].headers.redelivered, 'true');
        taken.messages[1].ack({ receipt: 'acknowledged' });
        await peer.rx.asyncReceipt('acknowledged');
        await peer.publish(destination, 'second');
        await waitFor(() => taken.messages.length > 2, 'the next one');
        assert.equal(taken.messages[2].body, 'second');
      });

      it('ends a watch by an ERROR that is its own; others come back by themselves', async (t) => {
        const portfolioId = randomUUID();
        const correlateErrors = ({ headers }) => headers['receipt-id'];
        const peer = await connect(t, { correlateErrors });
        const held = peer.watch(`${POSITIONS}/${portfolioId}`);
        const none = peer.watch('/topic/nothing', { subHeaders: { receipt: '/topic/nothing' } });
        await waitFor(() => none.failures.length > 0, 'the error');
        assert.match(none.failures[0].body, /\/topic\/nothing/);
        assert.deepEqual(
          peer.errors.map((error) => error['receipt-id']),
          ['/topic/nothing'],
        );
        await waitFor(
          () => peer.states.filter((state) => state === 'OPEN').length === 2,
          'the next connection',
        );
        await trade(hub, purchase(portfolioId, 'AFTER'));
        await shows(hub, held, portfolioId, { AFTER: 1 });
        assert.equal(peer.errors.length, 1);
        assert.deepEqual(held.failures, []);
      });

      it('agrees on heart-beats, and lives on them', async (t) => {
        let received = 0;
        const peer = await connect(t, { ...BEATING, onHeartbeatReceived: () => received++ });
        const { 'heart-beat': agreed } = await firstValueFrom(peer.rx.serverHeaders$);
        assert.equal(agreed, '1000,1000');
        // By the third, who sent none would have been closed.
        await waitFor(() => received >= 3, 'three heart-beats of the hub');
        assert.deepEqual(peer.states, ['CLOSED', 'CONNECTING', 'OPEN']);
      });

      it('comes back after kill -9: watches go on, with a resume by what changed meanwhile', async (t) => {
        const own = await Hub.start({ settings: SETTINGS });
        t.after(() => own.stop());
        const [changed, kept] = [randomUUID(), randomUUID()];
        await trade(own, purchase(changed, 'AAPL'), purchase(kept, 'AAPL'));
        const peer = await RxPeer.connect({ ...way(own), ...BEATING });
        t.after(() => peer.close());
        const plain = peer.watch(POSITIONS);
        let resume;
        const resuming = peer.watch(POSITIONS, { subHeaders: () => (resume ? { resume } : {}) });
        await waitFor(() => rows(plain.messages).length === 2, 'the snapshot');
        resume = await waitFor(() => resuming.messages.at(-1)?.headers.resume, 'a resume');
        assert.equal(rows(resuming.messages).length, 2);

        await own.kill9();
        await waitFor(() => !peer.rx.connected(), 'rx-stomp to notice that the hub is gone');
        await own.restart();
        await trade(own, purchase(changed, 'AAPL'));
        await waitFor(() => peer.rx.connected(), 'rx-stomp to come back', 2 * DEADLINE_MS);
        await waitFor(() => rows(resuming.messages).length > 2, 'what changed');
        await waitFor(() => rows(plain.messages).length >= 4, 'the snapshot again');
        await trade(own, sale(kept, 'AAPL'));
        await waitFor(() => newest(rows(plain.messages), key).get(`${kept} AAPL`).holdings === 0, 'a change');
        await waitFor(() => rows(resuming.messages).length > 3, 'the same change');
        const news = rows(resuming.messages).slice(2);
        assert.deepEqual(
          news.map(({ id, holdings }) => [id.portfolioId, holdings]),
          [
            [changed, 2],
            [kept, 0],
          ],
        );
        const { body: listed } = await get(own, '/api/analysis/all');
        assert.deepEqual(newest(rows(plain.messages), key), newest(listed, key));
        assert.deepEqual(peer.states.filter((state) => state === 'OPEN').length, 2);
        assert.deepEqual([peer.errors, peer.unhandled], [[], []]);
      });
    });
  }
});

/** Waits until these are a portfolio's holdings, by symbol; and they are what REST lists. */
async function shows(hub, { messages }, portfolioId, holdings) {
  await waitFor(() => {
    const shown = newest(rows(messages), ({ id }) => id.symbol);
    const held = Object.fromEntries([...shown].map(([symbol, row]) => [symbol, row.holdings]));
    assert.deepEqual(held, holdings);
    return true;
  }, 'the positions');
  const listed = (await positions(hub)).filter(({ id }) => id.portfolioId === portfolioId);
  assert.deepEqual(newest(rows(messages), key), newest(listed, key));
}

/** Waits until these are the gains, by symbol, and these have none for want of a price. */
function gains({ messages }, symbol, unpriced = []) {
  return waitFor(() => {
    const pnl = JSON.parse(messages.at(-1)?.body ?? '{}');
    const priced = Object.fromEntries(Object.entries(symbol).filter(([name]) => !unpriced.includes(name)));
    assert.deepEqual([pnl.symbol, pnl.unpriced ?? []], [priced, unpriced]);
    return true;
  }, 'the unrealised P&L');
}
