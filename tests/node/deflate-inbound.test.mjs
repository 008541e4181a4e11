// What clients compress is understood as if they had not.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';

import { WebSocket } from 'ws';

import { Hub } from './lib/hub.mjs';
import { Peer } from './lib/peer.mjs';
import { Proxy } from './lib/proxy.mjs';
import { SockJsFrames } from './lib/sockjs-frames.mjs';
import { BASIC_PLANE, EDGES, LARGE } from './lib/texts.mjs';
import { purchase, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

/** Text in which nothing comes twice. */
const noise = (bytes) => randomBytes(bytes).toString('base64');

/**
 * One worker: what several clients send is inflated by one and the same. And room for all that one test sends: a
 * witness that the machine keeps from reading would be closed for being slow.
 */
const SETTINGS = { 'relay.client_send': 'true', 'server.workers': '1', 'limits.outbox_bytes': '4194304' };

const STOMP = {
  'STOMP over WebSocket': (proxy, socket) => new Peer(proxy.ws('/ws'), { socket }),
  'STOMP in SockJS frames': (proxy, socket) =>
    new Peer('', { webSocketFactory: () => new SockJsFrames(proxy.ws('/ws'), socket) }),
};

/** A hub with these settings, and a proxy before it that records. */
async function start(settings) {
  const hub = await Hub.start({ settings: { ...SETTINGS, ...settings } });
  return { hub, proxy: await Proxy.before(hub.port('analytics'), { record: true }) };
}

/** `t`'s own, connected; and which connection of the proxy it is. */
async function open(t, proxy, kind, perMessageDeflate) {
  const index = proxy.records.length;
  const peer = STOMP[kind](proxy, { perMessageDeflate });
  await peer.open();
  t.after(() => peer.close());
  return {
    peer,
    index,
    extensions: () => /^sec-websocket-extensions: (.*)$/im.exec(proxy.received(index).head)?.[1],
  };
}

/** Sends each body, and waits until a witness has all of them. */
async function send(t, hub, peer, bodies) {
  const topic = `/topic/relay/${randomUUID()}`;
  const witness = await Peer.connect(hub.ws(), { socket: { perMessageDeflate: false } });
  t.after(() => witness.close());
  const messages = await witness.subscribe(topic);
  for (const body of bodies) peer.client.publish({ destination: topic, body });
  await waitFor(() => {
    assert.deepEqual({ peer: peer.closes, witness: witness.closes }, { peer: [], witness: [] });
    return messages.length >= bodies.length;
  }, 'what was sent');
  assert.deepEqual(
    messages.map(({ body }) => body),
    bodies,
  );
}

describe('what a client compresses', () => {
  let hub;
  let proxy;
  before(async () => ({ hub, proxy } = await start()));
  after(async () => {
    await proxy?.stop();
    await hub?.stop();
  });

  const bodies = [...EDGES, BASIC_PLANE, ...LARGE, 'x'.repeat(500_000), noise(100_000)];

  for (const kind of Object.keys(STOMP)) {
    for (const options of [
      {},
      { clientMaxWindowBits: 9 },
      { clientMaxWindowBits: 8 },
      { clientMaxWindowBits: 12 },
    ]) {
      it(`with ${JSON.stringify(options)} is understood as ${kind}`, async (t) => {
        const { peer, index } = await open(t, proxy, kind, { threshold: 0, ...options });
        await send(t, hub, peer, bodies);
        const { frames } = proxy.sent(index);
        assert.ok(frames.length >= bodies.length && frames.every(({ compressed }) => compressed));
      });
    }
  }

  it('is understood on a native socket, in fragments, with a ping between them and others uncompressed', async (t) => {
    const portfolioIds = Array.from({ length: 300 }, () => randomUUID());
    await trade(hub, ...portfolioIds.map((id) => purchase(id, 'NATIVE')));
    const socket = new WebSocket(hub.ws('/ws/positions?topics='), { perMessageDeflate: { threshold: 0 } });
    t.after(() => socket.terminate());
    const messages = [];
    socket.on('message', (data) => messages.push(JSON.parse(data)));
    await waitFor(once(socket, 'open'), 'the WebSocket to open');
    const command = JSON.stringify({ type: 'subscribe', topic: 'position-update', portfolioIds });
    const third = Math.ceil(command.length / 3);
    socket.send(command.slice(0, third), { fin: false });
    socket.ping('between');
    socket.send(command.slice(third, 2 * third), { fin: false });
    socket.send(command.slice(2 * third));
    socket.send('{"type":"ping"}', { compress: false });
    const [pong] = await waitFor(once(socket, 'pong'), 'a pong');
    assert.equal(String(pong), 'between');
    const rows = () => messages.filter(({ type }) => type === 'position-update').flatMap(({ data }) => data);
    await waitFor(() => rows().length >= portfolioIds.length, 'the positions');
    assert.deepEqual(
      rows()
        .map(({ id }) => id.portfolioId)
        .sort(),
      [...portfolioIds].sort(),
    );
    await waitFor(
      () => messages.some(({ type }) => type === 'pong'),
      'the answer to what was not compressed',
    );
  });
});

describe('with server.deflate_client_takeover = true, what a client compresses', () => {
  const AGREED = 'permessage-deflate; server_no_context_takeover';

  let hub;
  let proxy;
  before(async () => ({ hub, proxy } = await start({ 'server.deflate_client_takeover': 'true' })));
  after(async () => {
    await proxy?.stop();
    await hub?.stop();
  });

  for (const kind of Object.keys(STOMP)) {
    for (const [bits, pointsBack] of [
      [9, false],
      [13, true],
      [15, true],
    ]) {
      it(`may point back to what it has sent: ${kind}, a window of 2^${bits} bytes`, async (t) => {
        const { peer, index, extensions } = await open(t, proxy, kind, { clientMaxWindowBits: bits });
        assert.equal(extensions(), bits < 15 ? `${AGREED}; client_max_window_bits=${bits}` : AGREED);
        const body = noise(3000);
        const others = [noise(20_000), noise(40_000), 'short', ''];
        await send(t, hub, peer, [body, body, body, ...others, body, body]);
        const sizes = proxy.sent(index).frames.map(({ payload }) => payload.length);
        const again = sizes.filter((bytes) => bytes > 2500 && bytes < 5000).length;
        // Again after the others, which fill any window.
        assert.equal(again, pointsBack ? 2 : 5, `${sizes}`);
      });
    }
  }

  it('is told apart from what others compress', async (t) => {
    const peers = [];
    for (const kind of [...Object.keys(STOMP), ...Object.keys(STOMP)]) {
      peers.push(await open(t, proxy, kind, {}));
    }
    const own = peers.map(() => noise(2000));
    for (let round = 0; round < 5; round++) {
      await Promise.all(peers.map(({ peer }, n) => send(t, hub, peer, [own[n], `${round}${own[n]}`])));
    }
    for (const { index } of peers) {
      const sizes = proxy.sent(index).frames.map(({ payload }) => payload.length);
      assert.equal(sizes.filter((bytes) => bytes > 1800).length, 1, `${sizes}`);
    }
  });

  it('does not point back where the client does not want to', async (t) => {
    const { peer, index, extensions } = await open(t, proxy, 'STOMP over WebSocket', {
      clientNoContextTakeover: true,
    });
    assert.equal(extensions(), `${AGREED}; client_no_context_takeover`);
    const body = noise(3000);
    await send(t, hub, peer, [body, body, body]);
    const large = proxy.sent(index).frames.filter(({ payload }) => payload.length > 2500);
    assert.deepEqual(
      large.map(({ compressed }) => compressed),
      [true, true, true],
    );
  });
});
