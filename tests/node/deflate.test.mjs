// permessage-deflate (RFC 7692) with `ws`: what is agreed to, and that nothing but the size tells whether it is.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { inflated } from './lib/frames.mjs';
import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { Peer } from './lib/peer.mjs';
import { Proxy } from './lib/proxy.mjs';
import { assertProblem, metric, publish } from './lib/rest.mjs';
import { SUBSCRIBERS } from './lib/subscribers.mjs';
import { purchase, trade } from './lib/trades.mjs';
import { upgraded } from './lib/upgraded.mjs';
import { waitFor } from './lib/wait.mjs';

/** `server.deflate_min_bytes`, in UTF-8. */
const MIN_BYTES = 1024;

/** What the hub answers where it is not told more. */
const AGREED = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

/** Options of `ws`, what is agreed to, and the window of what the hub sends. */
const OFFERS = [
  [{}, AGREED],
  [{ clientNoContextTakeover: true }, AGREED],
  [{ serverNoContextTakeover: true }, AGREED],
  [{ serverNoContextTakeover: true, clientNoContextTakeover: true, clientMaxWindowBits: false }, AGREED],
  ...[9, 10, 11, 12, 13, 14].map((bits) => [
    { serverMaxWindowBits: bits },
    `${AGREED}; server_max_window_bits=${bits}`,
  ]),
  [{ serverMaxWindowBits: 15 }, AGREED],
  ...[9, 12, 14].map((bits) => [{ clientMaxWindowBits: bits }, `${AGREED}; client_max_window_bits=${bits}`]),
  [{ clientMaxWindowBits: 15 }, AGREED],
  // The smallest window there is lies within any other, of which nothing needs to be said.
  [{ clientMaxWindowBits: 8 }, AGREED],
  [
    { serverMaxWindowBits: 10, clientMaxWindowBits: 11 },
    `${AGREED}; server_max_window_bits=10; client_max_window_bits=11`,
  ],
  // No zlib compresses with such a window.
  [{ serverMaxWindowBits: 8 }, undefined],
  [false, undefined],
];

/** The answer's `Sec-WebSocket-Extensions`, if it has one. */
function answered({ head }) {
  return /^sec-websocket-extensions: (.*)$/im.exec(head)?.[1];
}

/** A share of a symbol for each of some portfolios. */
const shares = (portfolioIds, symbol) => portfolioIds.map((id) => purchase(id, symbol));

describe('a WebSocket with permessage-deflate', () => {
  let hub;
  let proxy;
  before(async () => {
    // One worker: what has been published to one of them has been published.
    hub = await Hub.start({ settings: { 'server.workers': '1' } });
    proxy = await Proxy.before(hub.port('analytics'), { record: true });
  });
  after(async () => {
    await proxy?.stop();
    await hub?.stop();
  });

  /** `t`'s own, through the proxy; which connection that is there, too. */
  async function subscribe(t, kind, portfolioIds, perMessageDeflate) {
    const index = proxy.records.length;
    const subscriber = await SUBSCRIBERS[kind](proxy.ws(), portfolioIds, { perMessageDeflate });
    t.after(() => subscriber.peer.close());
    return { ...subscriber, index };
  }

  const shows = (subscribers, count) =>
    waitFor(() => {
      for (const { positions } of subscribers) assert.equal(positions().size, count);
      return true;
    }, `${count} positions`);

  for (const [offer, agreed] of OFFERS) {
    for (const kind of Object.keys(SUBSCRIBERS)) {
      it(`of ${kind}, offered as ${JSON.stringify(offer)}, says what one without it says`, async (t) => {
        const portfolioIds = Array.from({ length: 20 }, () => randomUUID());
        await trade(hub, ...shares(portfolioIds, 'ONE'));
        const witness = await subscribe(t, kind, portfolioIds, false);
        await shows([witness], 20);
        const plain = await subscribe(t, kind, portfolioIds, false);
        const pressed = await subscribe(t, kind, portfolioIds, offer);
        await shows([plain, pressed], 20);
        await trade(hub, ...shares(portfolioIds.slice(0, 1), 'TWO'));
        await shows([plain, pressed], 21);
        await trade(hub, ...shares(portfolioIds, 'THREE'));
        await shows([plain, pressed], 41);
        assert.deepEqual(pressed.said(), plain.said());

        const received = proxy.received(pressed.index);
        assert.equal(answered(received), agreed);
        const bits = offer.serverMaxWindowBits;
        const sizes = received.frames.map((frame) => [inflated(frame, bits).length, frame.compressed]);
        for (const [bytes, compressed] of sizes) {
          assert.equal(compressed, bytes >= MIN_BYTES && agreed !== undefined, `${bytes} bytes`);
        }
        assert.ok(sizes.some(([bytes]) => bytes >= MIN_BYTES) && sizes.some(([bytes]) => bytes < MIN_BYTES));
        assert.ok(proxy.received(plain.index).frames.every(({ compressed }) => !compressed));
      });
    }
  }

  it('has answers to one alone as they are, however long', async (t) => {
    const index = proxy.records.length;
    const peer = await Peer.connect(proxy.ws('/ws'));
    t.after(() => peer.close());
    const receipt = 'r'.repeat(2 * MIN_BYTES);
    let came = false;
    peer.client.watchForReceipt(receipt, () => (came = true));
    peer.client.subscribe('/topic/relay/x', () => {}, { receipt });
    await waitFor(() => came, 'the RECEIPT');
    const { frames } = proxy.received(index);
    assert.ok(frames.some(({ payload }) => payload.includes(receipt)));
    assert.ok(frames.every(({ compressed }) => !compressed));
  });

  it('is answered at every native path of every service', async () => {
    for (const [service, path] of [
      ['analytics', '/ws/positions'],
      ['leaderboard', '/ws/updates'],
      ['rttm', '/ws/rttm/alerts'],
      ['auto-trader', '/ws/auto-trader'],
      ['gateway', '/ws/top'],
    ]) {
      const peer = await NativePeer.connect(hub.ws(path, service));
      assert.equal(peer.extensions, AGREED, path);
      await peer.close();
    }
  });

  /** What an upgrade with these values of `Sec-WebSocket-Extensions` is answered. */
  async function upgrade(offers, { of = hub, path = '/ws/positions' } = {}) {
    const { headers, ...refused } = await upgraded(of.ws(path), { 'sec-websocket-extensions': offers });
    return headers ? { extensions: headers['sec-websocket-extensions'] } : refused;
  }

  for (const [offers, agreed] of [
    [['permessage-deflate; server_max_window_bits=8, permessage-deflate'], AGREED],
    [['x-other; a=1', 'permessage-deflate; client_max_window_bits'], AGREED],
    [
      ['permessage-deflate;server_max_window_bits="12" , permessage-deflate'],
      `${AGREED}; server_max_window_bits=12`,
    ],
    [[' , permessage-deflate , '], AGREED],
    [['x-webkit-deflate-frame, permessage-bzip2; x'], undefined],
    [['permessage-deflate; unknown'], undefined],
    [['permessage-deflate; server_max_window_bits'], undefined],
    [['permessage-deflate; server_max_window_bits=16'], undefined],
    [['permessage-deflate; server_max_window_bits=09'], undefined],
    [['permessage-deflate; client_max_window_bits=7'], undefined],
    [['permessage-deflate; server_no_context_takeover=1'], undefined],
    [['permessage-deflate; server_no_context_takeover; server_no_context_takeover'], undefined],
  ]) {
    it(`offered as ${offers.join(' | ')} is answered ${agreed ?? 'by a connection without it'}`, async () => {
      for (const path of ['/ws/positions', '/ws', `/ws/000/${randomUUID()}/websocket`]) {
        assert.deepEqual(await upgrade(offers, { path }), { extensions: agreed }, path);
      }
      if (agreed) return;
      // `ws` fails if what it has not offered is answered.
      const headers = { 'Sec-WebSocket-Extensions': offers };
      const peer = await NativePeer.connect(hub.ws('/ws/positions'), { perMessageDeflate: false, headers });
      await peer.pinged();
      await peer.close();
    });
  }

  const MALFORMED = [
    'permessage-deflate;',
    'permessage-deflate; =10',
    'permessage-deflate; server_max_window_bits=',
    'permessage-deflate; server_max_window_bits="10',
    'permessage-deflate; server_max_window_bits="1 0"',
    'permessage deflate',
    '; server_no_context_takeover',
    'permessage-deflate, b@d',
  ];

  for (const offer of MALFORMED) {
    it(`offered as ${offer}, which is malformed, is refused with 400`, async () => {
      for (const path of ['/ws/positions', '/ws', `/ws/000/${randomUUID()}/websocket`]) {
        assertProblem(await upgrade([offer], { path }), 400, /Sec-WebSocket-Extensions/);
      }
      const lines = ['permessage-deflate', offer];
      assertProblem(await upgrade(lines), 400, /Sec-WebSocket-Extensions/);
    });
  }

  it('is not agreed to with server.deflate = false; a malformed offer is refused all the same', async (t) => {
    const without = await Hub.start({ settings: { 'server.deflate': 'false' } });
    t.after(() => without.stop());
    assert.deepEqual(await upgrade(['permessage-deflate'], { of: without }), { extensions: undefined });
    assertProblem(await upgrade(MALFORMED.slice(0, 1), { of: without }), 400, /Sec-WebSocket-Extensions/);
    const portfolioIds = Array.from({ length: 20 }, () => randomUUID());
    await trade(without, ...shares(portfolioIds, 'ONE'));
    for (const kind of Object.keys(SUBSCRIBERS)) {
      const { peer, positions } = await SUBSCRIBERS[kind](without.ws(''), portfolioIds, {});
      await waitFor(() => positions().size === 20, 'the positions');
      await peer.close();
    }
    assert.equal(await metric(without, 'hub_deflate_messages_total'), 0);
  });
});

describe('the settings of permessage-deflate', () => {
  /** The frames of relayed messages of such lengths, with these settings. */
  async function relayed(t, settings, lengths) {
    const hub = await Hub.start({ settings });
    t.after(() => hub.stop());
    const proxy = await Proxy.before(hub.port('analytics'), { record: true });
    t.after(() => proxy.stop());
    const peer = await Peer.connect(proxy.ws('/ws'));
    t.after(() => peer.close());
    const messages = await peer.subscribe('/topic/relay/x');
    const text = Array.from({ length: 10_000 }, (_, n) => n * n).join();
    for (const length of lengths) await publish(hub, '/topic/relay/x', text.slice(0, length));
    await waitFor(() => messages.length >= lengths.length, 'all of them');
    return proxy.received().frames.slice(-lengths.length);
  }

  it('deflate_min_bytes says from which size on', async (t) => {
    for (const [settings, least] of [
      [{}, MIN_BYTES],
      [{ 'server.deflate_min_bytes': '2000' }, 2000],
      [{ 'server.deflate_min_bytes': '1' }, 1],
      [{ 'server.deflate_min_bytes': '1000000' }, 1_000_000],
    ]) {
      // Of the STOMP frame, whose head makes it longer.
      const bodies = Array.from(
        { length: 250 },
        (_, n) => (least > 1 && least < 1e6 ? least - 100 : 500) - n,
      );
      const frames = await relayed(t, settings, bodies);
      const sizes = frames.map((frame) => [inflated(frame).length, frame.compressed]);
      for (const [bytes, compressed] of sizes) assert.equal(compressed, bytes >= least, `${bytes} bytes`);
      const all = sizes.map(([bytes]) => bytes);
      if (least > 1 && least < 1e6) assert.ok(all.includes(least) && all.includes(least - 1), `${all}`);
    }
  });

  it('deflate_level says how small', async (t) => {
    const sizes = [];
    for (const level of ['1', '6']) {
      const [{ compressed, payload }] = await relayed(t, { 'server.deflate_level': level }, [50_000]);
      assert.ok(compressed);
      sizes.push(payload.length);
    }
    assert.ok(sizes[0] > sizes[1], `${sizes} bytes`);
  });
});
