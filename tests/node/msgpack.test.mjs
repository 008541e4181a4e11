// `hub.msgpack` on native sockets: the messages of JSON, as MessagePack, with the reference implementation.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { encode } from '@msgpack/msgpack';

import { fill, firstMessages, sockets, timeless } from './lib/endpoints.mjs';
import { inflated } from './lib/frames.mjs';
import { Hub } from './lib/hub.mjs';
import { portfolio, score } from './lib/leaderboard.mjs';
import { MSGPACK, NativePeer } from './lib/native.mjs';
import { Proxy } from './lib/proxy.mjs';
import { ingestOk } from './lib/rest.mjs';
import { assertSystemMetrics } from './lib/rttm.mjs';
import { purchase, quote, sale, trade } from './lib/trades.mjs';
import { upgraded } from './lib/upgraded.mjs';
import { waitFor } from './lib/wait.mjs';

const GATEWAY = 'gateway';
const PACKED = { packed: true };

/** `t`'s own peers at one path: one that speaks JSON, and one that speaks MessagePack. */
async function both(t, hub, path, service, options = {}) {
  const peers = [];
  for (const packed of [false, true]) {
    const peer = await NativePeer.connect(hub.ws(path, service), { packed, ...options });
    t.after(() => peer.close());
    peers.push(peer);
  }
  return peers;
}

/** Waits until one has as much to say as the other, and enough; it must be the same. */
async function same([json, packed], enough, what) {
  await waitFor(() => {
    assert.equal(packed.messages.length, json.messages.length);
    return enough(json) && enough(packed);
  }, what);
  assert.deepEqual(timeless(packed.messages), timeless(json.messages));
}

describe('hub.msgpack', () => {
  let hub;
  let ids;
  before(async () => {
    // One worker: what has been published to one of them has been published.
    hub = await Hub.start({ settings: { 'server.workers': '1' } });
    ids = await fill(hub);
  });
  after(() => hub?.stop());

  it('says on every native socket what JSON says, on that of the gateway, too', async () => {
    for (const socket of sockets(ids)) {
      for (const at of [socket[0], GATEWAY]) {
        const [json, packed] = await Promise.all(
          [false, true].map((packed) => firstMessages(hub, socket, at, { packed })),
        );
        assert.deepEqual(timeless(packed), timeless(json), `${socket[1]} of ${at}`);
      }
    }
    for (const at of ['rttm', GATEWAY]) {
      const [metrics] = await firstMessages(hub, ['rttm', '/ws/metrics', 1], at, PACKED);
      assertSystemMetrics(metrics);
    }
  });

  it('says what changes as JSON does, of the ranking', async (t) => {
    const peers = await both(t, hub, '/ws/updates', 'leaderboard');
    const ranks = (name, count) => (peer) =>
      peer.messages.at(-1)?.data.entries.some(({ portfolioId, compositeScore }) => {
        return portfolioId === portfolio(name) && compositeScore === count;
      });
    await same(peers, (peer) => peer.messages.length > 0, 'the ranking');
    for (const [name, count] of [
      ['d', 12.5],
      ['e', -3.75],
      ['b', 1000],
    ]) {
      await score(hub, `${name}${count}`);
      await same(peers, ranks(name, count), 'the new rank');
    }
  });

  it('says numbers as JSON.parse has them', async (t) => {
    const id = randomUUID();
    const path = `/ws/positions?portfolio-ids=${id}`;
    const peers = await both(t, hub, path, 'analytics');
    const bought = {
      CENTS: { quantity: '3', price: '10.25' },
      TENTH: { quantity: '1', price: '0.1' },
      SMALL: { quantity: '0.00000001', price: '0.00000001' },
      THIRD: { quantity: '0.333333', price: '0.33333333' },
      DIGITS: { quantity: '1', price: '12345678901.23456789' },
      // 2 ** 53 + 1, more than 2 ** 64, and a million million with all decimals.
      ODD: { quantity: '9007199254.740993', price: '1000000' },
      LARGE: { quantity: '1000000000', price: '90071992547' },
      LARGEST: { quantity: '1000000000000.00000001', price: '9223372036.54775807' },
    };
    const sold = ['ODD', 'LARGE', 'LARGEST'];
    await trade(hub, ...Object.entries(bought).map(([symbol, order]) => purchase(id, symbol, order)));
    const row = (peer, symbol) =>
      peer.data('position-update').findLast((row) => row.id.symbol === symbol) ?? {};
    // What is sold at once is never seen.
    await waitFor(() => peers.every((peer) => row(peer, 'LARGEST').holdings > 0), 'what was bought');
    const rest = sold.map((symbol) => sale(id, symbol, { ...bought[symbol], price: '0.00000001' }));
    await trade(hub, sale(id, 'CENTS', { price: '10.15' }), ...rest);
    await quote(hub, { CENTS: '0.3', TENTH: '0.30000001', DIGITS: '0.7' });
    const settled = (peer) => {
      const pnl = peer.data('unrealized-pnl').at(-1);
      return sold.every((symbol) => row(peer, symbol).holdings === 0) && pnl?.symbol.DIGITS;
    };
    await same(peers, settled, 'all of it');
    const [, packed] = peers;
    const all = Object.keys(bought).map((symbol) => {
      const { holdings, totalInvested, realizedPnl } = row(packed, symbol);
      return [symbol, holdings, totalInvested, realizedPnl];
    });
    assert.deepEqual(all, [
      ['CENTS', 2, 20.5, -0.1],
      ['TENTH', 1, 0.1, 0],
      ['SMALL', 0.00000001, 1e-16, 0],
      ['THIRD', 0.333333, 0.11111099888889, 0],
      ['DIGITS', 1, 12345678901.234568, 0],
      ['ODD', 0, 0, -9007199254740903],
      ['LARGE', 0, 0, -90071992547000000000],
      ['LARGEST', 0, 0, -9.223372036547758e21],
    ]);
    assert.ok(packed.data('position-update').some(({ totalInvested }) => totalInvested === 2 ** 53));
  });

  it('says ratios as JSON.parse has them, to the last bit', async (t) => {
    const names = ['avgRateOfReturn', 'sharpeRatio', 'sortinoRatio'];
    const random = () => (Math.random() - 0.5) * 10 ** Math.floor(Math.random() * 8 - 6);
    const risks = Array.from({ length: 200 }, () => {
      return { portfolioId: randomUUID(), ...Object.fromEntries(names.map((name) => [name, random()])) };
    });
    const peers = await both(t, hub, '/ws/updates?limit=1000', 'leaderboard');
    await ingestOk(hub, 'risk', risks);
    const known = (peer) => {
      const rows = peer.messages.flatMap(({ data }) => data.entries.map(({ portfolioId }) => portfolioId));
      return risks.every(({ portfolioId }) => rows.includes(portfolioId));
    };
    await same(peers, known, 'all rows');
  });

  it('says an object with all that it has in the order that JSON has', async (t) => {
    const peers = await both(t, hub, '/ws/top?n=1', 'leaderboard');
    await same(peers, (peer) => peer.messages.length > 0, 'the first');
    const [json, packed] = peers.map(({ messages }) => Object.keys(messages[0].data[0]));
    assert.deepEqual(packed, json);
  });

  describe('is agreed to', () => {
    const PATHS = ['/ws/positions', '/ws/updates', '/ws/top', '/ws/around', '/ws/alerts', '/ws/rttm/metrics'];
    const chosen = async (path, offered, service = GATEWAY) => {
      const { headers } = await upgraded(hub.ws(path, service), { 'sec-websocket-protocol': offered });
      return headers['sec-websocket-protocol'];
    };

    for (const [offered, expected] of [
      [MSGPACK, MSGPACK],
      [`other, ${MSGPACK}`, MSGPACK],
      [['other', MSGPACK], MSGPACK],
      [`${MSGPACK},other`, MSGPACK],
      ['other', undefined],
      ['hub.json, v12.stomp', undefined],
      ['HUB.MSGPACK', undefined],
      [`x${MSGPACK}`, undefined],
    ]) {
      it(`${expected ? '' : 'not '}where ${offered} is offered`, async () => {
        for (const path of PATHS) assert.equal(await chosen(path, offered), expected, path);
      });
    }

    it('not where STOMP is spoken', async () => {
      for (const service of ['analytics', GATEWAY]) {
        assert.equal(await chosen('/ws', MSGPACK, service), undefined);
        assert.equal(await chosen('/ws', `${MSGPACK}, v12.stomp`, service), 'v12.stomp');
        assert.equal(await chosen('/ws/000/packed/websocket', MSGPACK, service), undefined);
      }
    });

    it('not to others: JSON comes to those who offer something else', async (t) => {
      const headers = { 'Sec-WebSocket-Protocol': 'other' };
      const peer = await NativePeer.connect(hub.ws('/ws/positions'), { headers });
      t.after(() => peer.close());
      await waitFor(() => peer.data('position-update').length > 0, 'a snapshot');
      assert.equal(peer.protocol, '');
      await peer.pinged();
    });
  });

  it('and permessage-deflate go together, both ways', async (t) => {
    const proxy = await Proxy.before(hub.port('analytics'), { record: true });
    t.after(() => proxy.stop());
    const portfolioIds = Array.from({ length: 100 }, () => randomUUID());
    await trade(hub, ...portfolioIds.map((id) => purchase(id, 'PRESSED', { price: 10.25 })));
    const peers = await both(t, proxy, '/ws/positions?topics=', undefined, {
      perMessageDeflate: { threshold: 0 },
    });
    for (const peer of peers) {
      assert.match(peer.extensions, /^permessage-deflate/);
      peer.send({ type: 'subscribe', topic: 'position-update', portfolioIds });
    }
    const positions = (count) => (peer) => peer.data('position-update').length >= count;
    await same(peers, positions(100), 'the snapshot');
    await trade(hub, ...portfolioIds.map((id) => purchase(id, 'PRESSED', { price: 1.1 })));
    await same(peers, positions(200), 'the changes');
    await trade(hub, purchase(portfolioIds[0], 'PRESSED', { price: 0.1 }));
    await same(peers, positions(201), 'one more');

    const [json, packed] = [0, 1].map((index) => proxy.received(index).frames);
    assert.ok(packed.every(({ opcode }) => opcode === 2));
    const sizes = (frames) => frames.map((frame) => inflated(frame).length);
    for (const [index, bytes] of sizes(packed).entries()) {
      assert.equal(packed[index].compressed, bytes >= 1024, `${bytes} bytes`);
      assert.ok(bytes < sizes(json)[index], `${bytes} bytes, ${sizes(json)[index]} of JSON`);
    }
    const [command] = proxy.sent(1).frames;
    assert.deepEqual([command.opcode, command.compressed], [2, true]);
    const sent = { type: 'subscribe', topic: 'position-update', portfolioIds };
    assert.deepEqual(inflated(command), Buffer.from(encode(sent)));
  });
});
