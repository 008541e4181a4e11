// What Chromium makes of the hub's WebSockets: permessage-deflate, which it offers, and MessagePack.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Browser } from './lib/browser.mjs';
import { fill, firstMessages, sockets, timeless } from './lib/endpoints.mjs';
import { Hub } from './lib/hub.mjs';
import { MSGPACK } from './lib/native.mjs';
import { Peer } from './lib/peer.mjs';
import { Proxy } from './lib/proxy.mjs';
import { positions } from './lib/rest.mjs';
import { LARGE } from './lib/texts.mjs';
import { key, newest, purchase, sale, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const TOPIC = '/topic/position-update';
const NATIVE = '/ws/positions?topics=position-update';
const PORTFOLIOS = 3000;

/** One worker: what has been published to one of them has been published. */
const SETTINGS = { 'relay.client_send': 'true', 'server.workers': '1' };

let browser;
before(async () => (browser = await Browser.start()));
after(() => browser?.stop());

/** `t`'s own page. */
async function open(t) {
  const tab = await browser.open();
  t.after(async () => {
    await tab.close();
    assert.deepEqual(tab.complaints, []);
  });
  return tab;
}

/** `t`'s own proxy, which records. */
async function recorder(t, hub, service = 'analytics') {
  const proxy = await Proxy.before(hub.port(service), { record: true });
  t.after(() => proxy.stop());
  return proxy;
}

/** Of frames, the WebSocket among the connections: SockJS asks for its /info, too. */
const ofWebSocket = (proxy, way) => {
  const index = proxy.records.findIndex((_, index) => / 101 /.test(proxy.received(index).head));
  return proxy[way](index).frames;
};

const sum = (frames) => frames.reduce((total, { payload }) => total + payload.length, 0);

describe('Chromium', () => {
  let hub;
  let ids;
  const portfolioIds = Array.from({ length: PORTFOLIOS }, () => randomUUID());
  before(async () => {
    hub = await Hub.start({ settings: SETTINGS });
    ids = await fill(hub);
    await trade(hub, ...portfolioIds.map((id) => purchase(id, 'AAPL', { quantity: 4, price: 10.25 })));
  });
  after(() => hub?.stop());

  /** All positions, as they are listed; and about how many bytes that is. */
  async function listed() {
    const all = await positions(hub);
    return { expected: newest(all, key), bytes: JSON.stringify(all).length };
  }

  /** Asserts that it came compressed, and one change later, and that it is what is listed. */
  async function assertWhole(proxy, came) {
    const { expected, bytes } = await listed();
    assert.deepEqual(await came(expected.size), expected);
    const frames = ofWebSocket(proxy, 'received');
    assert.ok(frames.some(({ compressed }) => compressed));
    assert.ok(sum(frames) < bytes / 2, `${sum(frames)} bytes of ${bytes}`);
    const [id] = portfolioIds;
    await trade(hub, sale(id, 'AAPL', { price: 10.5 }));
    await waitFor(async () => {
      const [now, { expected }] = [await came(1), await listed()];
      assert.deepEqual(now.get(`${id} AAPL`), expected.get(`${id} AAPL`));
      return true;
    }, 'the change');
  }

  it('takes a native socket compressed, and gets everything', async (t) => {
    const proxy = await recorder(t, hub);
    const tab = await open(t);
    const socket = await tab.socket(proxy.ws(NATIVE));
    assert.match((await socket.agreed()).extensions, /permessage-deflate/);
    await assertWhole(proxy, async (count) => {
      const rows = (messages) => messages.flatMap(({ data }) => data);
      const came = await socket.messages((messages) => rows(messages).length >= count, 'the positions');
      return newest(rows(came), key);
    });
  });

  for (const [what, url] of [
    ['a WebSocket', (proxy) => proxy.ws('/ws')],
    ['sockjs-client', (proxy) => proxy.base('/ws')],
  ]) {
    it(`gives stompjs over ${what} everything, compressed`, async (t) => {
      const proxy = await recorder(t, hub);
      const tab = await open(t);
      await tab.connect(url(proxy), { transports: 'websocket' });
      await tab.subscribe(TOPIC);
      await assertWhole(proxy, async (count) => {
        const rows = async () => (await tab.bodies(TOPIC, 1)).flatMap((body) => JSON.parse(body));
        return newest(
          await waitFor(async () => (await rows()).length >= count && rows(), 'the positions'),
          key,
        );
      });
      assert.deepEqual(await tab.errors(), []);
    });

    for (const takeover of [false, true]) {
      it(`lets stompjs over ${what} send it compressed, ${takeover ? 'pointing back' : 'each alone'}`, async (t) => {
        const settings = { ...SETTINGS, 'server.deflate_client_takeover': String(takeover) };
        const own = takeover ? await Hub.start({ settings }) : hub;
        if (takeover) t.after(() => own.stop());
        const topic = `/topic/relay/${randomUUID()}`;
        const witness = await Peer.connect(own.ws());
        t.after(() => witness.close());
        const seen = await witness.subscribe(topic);
        const proxy = await recorder(t, own);
        const tab = await open(t);
        await tab.connect(url(proxy), { transports: 'websocket' });
        const noise = randomBytes(6000).toString('base64');
        const texts = [...LARGE, noise, noise, noise];
        await tab.send(topic, texts);
        await waitFor(() => seen.length >= texts.length, 'what the page sent');
        assert.deepEqual(
          seen.map(({ body }) => body),
          texts,
        );
        const sizes = ofWebSocket(proxy, 'sent')
          .slice(-3)
          .map(({ payload, compressed }) => [compressed, payload.length > 6000]);
        assert.deepEqual(
          sizes,
          [true, !takeover, !takeover].map((large) => [true, large]),
        );
      });
    }
  }

  it('speaks MessagePack on a native socket, compressed, and gets what JSON has', async (t) => {
    const proxy = await recorder(t, hub);
    const tab = await open(t);
    const json = await tab.socket(hub.ws(NATIVE));
    const packed = await tab.socket(proxy.ws(NATIVE), [MSGPACK]);
    assert.deepEqual(await json.agreed(), { ...(await packed.agreed()), protocol: '' });
    const { extensions, protocol } = await packed.agreed();
    assert.deepEqual([protocol, /permessage-deflate/.test(extensions)], [MSGPACK, true]);
    const whole = (messages) => messages.flatMap(({ data }) => data).length >= PORTFOLIOS + 2;
    const binary = { binary: true };
    const expected = await json.messages(whole, 'the positions in JSON');
    const came = await packed.messages(whole, 'the positions in MessagePack', binary);
    assert.deepEqual(timeless(came), timeless(expected));
    assert.ok(ofWebSocket(proxy, 'received').every(({ opcode, compressed }) => opcode === 2 && compressed));
    for (const socket of [json, packed]) {
      await socket.send({ type: 'unsubscribe', topic: 'position-update' });
      await socket.send({ type: 'ping' });
    }
    const last = (messages) => messages.at(-1).type === 'pong' && messages;
    const answered = await json.messages(last, 'a pong in JSON');
    const same = await packed.messages(last, 'a pong in MessagePack', binary);
    assert.deepEqual(timeless(same), timeless(answered));
  });

  it('speaks MessagePack on every native socket, on that of the gateway, too', async (t) => {
    const tab = await open(t);
    for (const socket of sockets(ids).filter(([, path]) => !path.startsWith('/ws/positions'))) {
      const [service, path, count, commands = []] = socket;
      for (const at of [service, 'gateway']) {
        const packed = await tab.socket(hub.ws(path, at), [MSGPACK]);
        assert.equal((await packed.agreed()).protocol, MSGPACK);
        for (const command of commands) await packed.send(command);
        const came = await packed.messages((all) => all.length >= count, `messages of ${path}`, {
          binary: true,
        });
        const json = await firstMessages(hub, socket, at);
        assert.deepEqual(timeless(came.slice(0, count)), timeless(json), `${path} of ${at}`);
      }
    }
  });
});
