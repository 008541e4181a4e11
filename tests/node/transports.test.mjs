// STOMP over every transport that sockjs-client has in Node.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { assertFarewell } from './lib/farewell.mjs';
import { Hub } from './lib/hub.mjs';
import { Peer, closed } from './lib/peer.mjs';
import { Proxy } from './lib/proxy.mjs';
import { metric, positions, publish } from './lib/rest.mjs';
import { Resuming } from './lib/resuming.mjs';
import { assertPosition } from './lib/shapes.mjs';
import { BASIC_PLANE, EDGES, LARGE } from './lib/texts.mjs';
import { key, newest, purchase, rows, sale, trade } from './lib/trades.mjs';
import { numbers } from './lib/v1.mjs';
import { waitFor } from './lib/wait.mjs';

const TRANSPORTS = ['websocket', 'xhr-streaming', 'xhr-polling', 'eventsource'];

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

/** What sockjs-client says of a close that its own side asked for. */
const LEFT = { code: 1000, reason: 'Normal closure' };

/** Three heart-beats at the 10 s that both sides ask for, and one to spare; and one of SockJS's 25 s. */
const HEARTBEATS_MS = 40_000;

/** Twice the 5 s that a session may be without a receiver, and the looking. */
const ABSENCE_MS = 45_000;

/** As sockjs-client would connect, were this all that it knows. */
const only = (transport) => ({ socket: { transports: transport } });

/** Heart-beats by which both sides soon notice that the other is gone; in Node, xhr-streaming has nothing else. */
const BEATING = { settings: { 'limits.heartbeat_ms': '3000' } };
const beating = (transport) => ({ ...only(transport), heartbeatIncoming: 3000, heartbeatOutgoing: 3000 });

/** What the hub counts connections of a transport as. */
const sample = (transport) =>
  `hub_connections{service="analytics",transport="${transport === 'websocket' ? 'sockjs' : 'sockjs-http'}"}`;

const bodies = (messages) => messages.map(({ body }) => body);

/** Waits until there are as many as expected, and they are those, in their order. */
async function receives(messages, expected) {
  await waitFor(() => messages.length >= expected.length, `${expected.length} messages`);
  assert.deepEqual(bodies(messages), expected);
}

/** Waits until the newest row says this. */
function shows(messages, expected) {
  return waitFor(() => {
    const last = rows(messages).at(-1);
    assert.deepEqual(last && numbers(last), expected);
    assertPosition(last);
    return last;
  }, 'the position');
}

// Side by side, for some of it takes SockJS's 25 s.
describe('STOMP over SockJS', { concurrency: true }, () => {
  describe("of sockjs-client's own choice", { concurrency: true }, () => {
    let hub;
    let proxy;
    before(async () => {
      hub = await Hub.start();
      proxy = await Proxy.before(hub.port('analytics'), { webSockets: false });
    });
    after(async () => {
      await proxy?.stop();
      await hub?.stop();
    });

    it('takes websocket', async (t) => {
      const peer = await Peer.connect(hub.base('/ws'));
      t.after(() => peer.close());
      assert.equal(peer.client.webSocket.transport, 'websocket');
    });

    it('falls back to xhr-streaming behind a proxy that knows no WebSockets', async (t) => {
      const peer = await Peer.connect(proxy.base('/ws'));
      t.after(() => peer.close());
      assert.equal(peer.client.webSocket.transport, 'xhr-streaming');
      assert.ok(proxy.refused > 0);
      const messages = await peer.subscribe('/topic/relay/fallen-back');
      await publish(hub, '/topic/relay/fallen-back', 'all the same', TEXT);
      await receives(messages, ['all the same']);
    });

    it('falls back to the next that it may use there', async (t) => {
      const peer = await Peer.connect(proxy.base('/ws'), only(['websocket', 'xhr-polling']));
      t.after(() => peer.close());
      assert.equal(peer.client.webSocket.transport, 'xhr-polling');
    });
  });

  for (const transport of TRANSPORTS) {
    describe(`a stompjs client over ${transport}`, { concurrency: true }, () => {
      let hub;
      before(async () => (hub = await Hub.start({ settings: { 'relay.client_send': 'true' } })));
      after(() => hub?.stop());

      /** `t`'s own, connected. */
      async function connect(t, base = hub.base('/ws'), options = {}) {
        const peer = await Peer.connect(base, { ...only(transport), ...options });
        t.after(() => peer.close());
        return peer;
      }

      for (const service of ['analytics', 'gateway']) {
        it(`gets positions of ${service}: the snapshot, then what changes; and leaves by DISCONNECT`, async () => {
          const portfolioId = randomUUID();
          await trade(hub, purchase(portfolioId, 'AAPL', { quantity: 100, price: 10.5 }));
          const peer = await Peer.connect(hub.base('/ws', service), only(transport));
          assert.equal(peer.client.webSocket.transport, transport);
          assert.equal(peer.client.connectedVersion, '1.2');
          const messages = await peer.subscribe(`/topic/position-update/${portfolioId}`);
          await shows(messages, { holdings: 100, totalInvested: 1050, realizedPnl: 0 });
          await trade(hub, sale(portfolioId, 'AAPL', { quantity: 40, price: 12 }));
          const row = await shows(messages, { holdings: 60, totalInvested: 630, realizedPnl: 60 });
          const listed = (await positions(hub)).filter(({ id }) => id.portfolioId === portfolioId);
          assert.deepEqual(listed, [row]);
          assert.equal(rows(messages).length, 2);
          await peer.close();
          assert.deepEqual([peer.closes, peer.errors], [[LEFT], []]);
        });
      }

      for (const [name, texts] of Object.entries({
        'edge cases': EDGES,
        'the basic plane': [BASIC_PLANE],
        '64 KiB': LARGE,
      })) {
        it(`sends and receives text as it is: ${name}`, async (t) => {
          const destination = `/topic/relay/text-${name.replaceAll(' ', '-')}`;
          const witness = await Peer.connect(hub.ws());
          t.after(() => witness.close());
          const seen = await witness.subscribe(destination);
          const peer = await connect(t);
          const messages = await peer.subscribe(destination);
          for (const body of texts) await peer.send(destination, { body, headers: TEXT });
          await receives(messages, texts);
          await receives(seen, texts);
          for (const body of texts) assert.equal((await publish(hub, destination, body, TEXT)).status, 200);
          await receives(messages, [...texts, ...texts]);
          for (const { body, binaryBody } of messages)
            assert.deepEqual(Buffer.from(binaryBody), Buffer.from(body));
        });
      }

      it('loses nothing of 500 messages that come from the same transport, repeats nothing, keeps their order', async (t) => {
        const texts = Array.from({ length: 500 }, (_, index) => `${index} ${'x'.repeat(index)}`);
        const [sender, receiver] = [await connect(t), await connect(t)];
        const messages = await receiver.subscribe('/topic/relay/order');
        const own = await sender.subscribe('/topic/relay/order');
        for (const body of texts) sender.client.publish({ destination: '/topic/relay/order', body });
        await receives(messages, texts);
        await receives(own, texts);
      });

      it('loses nothing of 500 messages that are published one by one', async (t) => {
        const numbers = Array.from({ length: 500 }, (_, index) => String(index));
        const peer = await connect(t);
        const messages = await peer.subscribe('/topic/relay/one-by-one');
        for (const number of numbers) await publish(hub, '/topic/relay/one-by-one', number, TEXT);
        await receives(messages, numbers);
      });

      it('comes back with its resume, and gets exactly what changed meanwhile', async (t) => {
        const [changed, kept] = [randomUUID(), randomUUID()];
        const headers = { 'portfolio-ids': `${changed},${kept}` };
        await trade(hub, purchase(changed, 'AAPL'), purchase(kept, 'AAPL'));
        const first = await connect(t);
        const state = await first.subscribe('/topic/position-update', headers);
        const resume = await waitFor(
          () => rows(state).length === 2 && state.at(-1).headers.resume,
          'a resume',
        );
        await first.close();
        await trade(hub, purchase(changed, 'AAPL'));
        const second = await connect(t);
        const news = await second.subscribe('/topic/position-update', { ...headers, resume });
        await shows(news, { holdings: 2, totalInvested: 20, realizedPnl: 0 });
        await trade(hub, sale(kept, 'AAPL'));
        await shows(news, { holdings: 0, totalInvested: 0, realizedPnl: 5 });
        assert.deepEqual(
          rows(news).map(({ id }) => id.portfolioId),
          [changed, kept],
        );
        for (const { headers } of news) assert.equal(headers.snapshot, undefined);
      });

      it('is told by an ERROR what was wrong, and closed with 4500', async () => {
        const peer = await Peer.connect(hub.base('/ws'), only(transport));
        peer.client.subscribe('/topic/nothing', () => {}, { receipt: 'r-1' });
        assert.deepEqual(await closed([peer]), [{ code: 4500, reason: 'Protocol error' }]);
        assert.equal(peer.errors.length, 1);
        assert.equal(peer.errors[0]['receipt-id'], 'r-1');
      });

      it('gets STOMP heart-beats, and no SockJS ones', async (t) => {
        let received = 0;
        const peer = await connect(t, hub.base('/ws'), { onHeartbeatReceived: () => received++ });
        await waitFor(() => received >= 3, 'three heart-beats of the hub', HEARTBEATS_MS);
        assert.equal(peer.sockjsHeartbeats, 0, 'h');
        assert.deepEqual(peer.closes, []);
      });

      it('without STOMP heart-beats gets those of SockJS', async (t) => {
        const peer = await connect(t, hub.base('/ws'), { heartbeatIncoming: 0, heartbeatOutgoing: 0 });
        const messages = await peer.subscribe('/topic/relay/after-h');
        await waitFor(() => peer.sockjsHeartbeats > 0, 'an h', HEARTBEATS_MS);
        await publish(hub, '/topic/relay/after-h', 'still here', TEXT);
        await receives(messages, ['still here']);
      });
    });

    describe(`a client over ${transport}, in trouble`, { concurrency: true }, () => {
      it('comes back after kill -9, and misses nothing', async (t) => {
        const [held, bought] = [randomUUID(), randomUUID()];
        const hub = await Hub.start(BEATING);
        t.after(() => hub.stop());
        const subscriber = new Resuming(hub.base('/ws'), beating(transport));
        t.after(() => subscriber.peer.close());
        const watch = subscriber.watch('/topic/position-update');
        await trade(hub, purchase(held, 'AAPL'));
        subscriber.connect();
        await waitFor(() => watch.resume && rows(watch.messages).length === 1, 'the state before the crash');
        const letGo = subscriber.hold();
        await hub.kill9();
        await waitFor(() => subscriber.peer.closes.length > 0, 'the subscriber to notice');
        await hub.restart();
        await trade(hub, purchase(bought, 'MSFT'));
        letGo();
        await waitFor(() => rows(watch.messages).length === 2, 'what was bought meanwhile');
        assert.equal(subscriber.peer.client.webSocket.transport, transport);
        await trade(hub, sale(held, 'AAPL'));
        await waitFor(() => rows(watch.messages).length === 3, 'what is sold then');
        assert.deepEqual(
          rows(watch.messages).map(({ id }) => id.portfolioId),
          [held, bought, held],
        );
        assert.deepEqual(newest(rows(watch.messages), key), newest(await positions(hub), key));
        assert.deepEqual(subscriber.peer.errors, []);
      });

      it('that takes nothing of a relay destination is closed with 4000, and costs others nothing', async (t) => {
        const hub = await Hub.start();
        t.after(() => hub.stop());
        const proxy = await Proxy.before(hub.port('analytics'));
        t.after(() => proxy.stop());
        const slow = await Peer.connect(proxy.base('/ws'), only(transport));
        const got = await slow.subscribe('/topic/relay/much');
        const quick = await Peer.connect(hub.base('/ws'), only(transport));
        t.after(() => quick.close());
        const all = await quick.subscribe('/topic/relay/much');
        proxy.hold();
        const sent = [];
        await waitFor(async () => {
          sent.push(`${sent.length} ${'x'.repeat(32 << 10)}`);
          assert.equal((await publish(hub, '/topic/relay/much', sent.at(-1), TEXT)).status, 200);
          await waitFor(() => all.length === sent.length, 'the message, by who takes it');
          return (await metric(hub, 'hub_closed_total{code="4000"}')) > 0;
        }, 'the hub to lose patience');
        proxy.release();
        assert.deepEqual(await closed([slow]), [
          { code: 4000, reason: 'Too slow: messages would have been lost (limits.outbox_bytes, limits.feed_bytes, limits.feed_events)' },
        ]);
        assert.deepEqual(bodies(got), sent.slice(0, got.length), 'what it got has no gap');
        assert.deepEqual(bodies(all), sent);
        assert.deepEqual(quick.closes, []);
      });

      it('is closed with 4001 when it promised heart-beats and falls silent', async (t) => {
        const hub = await Hub.start(BEATING);
        t.after(() => hub.stop());
        const peer = await Peer.connect(hub.base('/ws'), beating(transport));
        peer.client.webSocket.send = () => {};
        assert.deepEqual(await closed([peer]), [{ code: 4001, reason: 'No heart-beat received' }]);
      });

      it('is counted, and no more once it has left or its network has', async (t) => {
        const hub = await Hub.start(BEATING);
        t.after(() => hub.stop());
        const proxy = await Proxy.before(hub.port('analytics'));
        t.after(() => proxy.stop());
        const count = (expected) =>
          waitFor(
            async () => {
              assert.equal(await metric(hub, sample(transport)), expected);
              return true;
            },
            `${expected} connections`,
            ABSENCE_MS,
          );
        const leaving = await Peer.connect(proxy.base('/ws'), only(transport));
        const lost = await Peer.connect(proxy.base('/ws'), beating(transport));
        await count(2);
        await leaving.close();
        await count(1);
        proxy.cut();
        await count(0);
        await closed([lost]);
      });
    });
  }
});

describe('30 polling clients', () => {
  const COUNT = 30;
  let hub;
  let peers;
  let mailboxes;
  before(async () => {
    hub = await Hub.start();
    const polling = Array.from({ length: COUNT }, () => Peer.connect(hub.base('/ws'), only('xhr-polling')));
    peers = await Promise.all(polling);
    mailboxes = await Promise.all(peers.map((peer) => peer.subscribe('/topic/relay/all')));
  });
  after(async () => {
    await Promise.all((peers ?? []).map((peer) => peer.close()));
    await hub?.stop();
  });

  it('all get 200 messages, each once, in order', async () => {
    const numbers = Array.from({ length: 200 }, (_, index) => String(index));
    for (const number of numbers) await publish(hub, '/topic/relay/all', number, TEXT);
    for (const messages of mailboxes) await receives(messages, numbers);
  });

  it('are counted, and no more once they have left', async () => {
    assert.equal(await metric(hub, sample('xhr-polling')), COUNT);
    await Promise.all(peers.map((peer) => peer.close()));
    assert.deepEqual(await closed(peers), Array(COUNT).fill(LEFT));
    await waitFor(async () => (await metric(hub, sample('xhr-polling'))) === 0, 'no connections');
  });
});

describe('SIGTERM', () => {
  it('closes clients of every transport with 1001 after all that was acknowledged has been sent', async (t) => {
    const each = TRANSPORTS.flatMap((transport) => Array(5).fill(transport));
    await assertFarewell(
      t,
      each.map((transport) => (hub) => Peer.connect(hub.base('/ws'), only(transport))),
    );
  });
});
