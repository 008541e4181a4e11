// Connecting, staying and leaving, with the client that browsers use.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Versions } from '@stomp/stompjs';

import { Hub } from './lib/hub.mjs';
import { Peer } from './lib/peer.mjs';
import { ingest } from './lib/rest.mjs';
import { waitFor } from './lib/wait.mjs';

const PATHS = ['/', '/ws', '/ws/websocket', '/websocket'];

/** Three heart-beats at the 10 s that both sides ask for, and one to spare. */
const THREE_HEARTBEATS_MS = 40_000;

describe('a stompjs client over a plain WebSocket', { concurrency: true }, () => {
  let hub;
  before(async () => {
    hub = await Hub.start();
    await ingest(hub, 'transactions', [
      {
        transactionId: '00000000-0000-4000-8000-000000000001',
        portfolioId: '00000000-0000-4000-8000-000000000002',
        symbol: 'AAPL',
        side: 'BUY',
        quantity: 1,
        price: 1,
      },
    ]);
  });
  after(() => hub?.stop());

  for (const path of PATHS) {
    it(`connects at ${path} and leaves by DISCONNECT with close code 1000`, async () => {
      const peer = await Peer.connect(hub.ws(path));
      await peer.close();
      assert.deepEqual(peer.closes, [{ code: 1000, reason: '' }]);
      assert.deepEqual(peer.errors, []);
    });
  }

  it('need not name a host, and agrees on heart-beats every 10 s', async (t) => {
    const peer = await Peer.connect(hub.ws('/ws'));
    t.after(() => peer.close());
    const [connect] = peer.transcript;
    assert.match(connect, /^>>> CONNECT\n/);
    assert.doesNotMatch(connect, /^host:/m, 'stompjs has begun to send a host: this test means less now');
    assert.match(connect, /^heart-beat:10000,10000$/m);
    const { headers } = peer.connections[0];
    assert.equal(headers['heart-beat'], '10000,10000');
    assert.equal(headers.version, '1.2');
    assert.match(headers.server, /^pms-hub\/\d/);
    assert.ok(headers.session, 'CONNECTED names the session');
  });

  // By the third of ours, a client that sent none would have been closed: see the next test.
  it('stays without ever subscribing: heart-beats flow both ways', async () => {
    let received = 0;
    const peer = await Peer.connect(hub.ws('/ws'), { onHeartbeatReceived: () => received++ });
    await waitFor(() => received >= 3, 'three heart-beats of the hub', THREE_HEARTBEATS_MS);
    assert.deepEqual(peer.closes, []);
    await peer.close();
    assert.deepEqual(peer.closes, [{ code: 1000, reason: '' }]);
  });

  it('is closed with 4001 when it promised heart-beats and falls silent', async () => {
    const peer = await Peer.connect(hub.ws('/ws'));
    peer.client.webSocket.send = () => {};
    await waitFor(() => peer.closes.length > 0, 'a close', THREE_HEARTBEATS_MS);
    assert.deepEqual(peer.closes, [{ code: 4001, reason: 'No heart-beat received' }]);
  });

  for (const [version, protocol] of [
    [Versions.V1_0, 'v10.stomp'],
    [Versions.V1_1, 'v11.stomp'],
    [Versions.V1_2, 'v12.stomp'],
  ]) {
    it(`speaks STOMP ${version}, and WebSocket subprotocol ${protocol}`, async (t) => {
      const stompVersions = new Versions([version]);
      const protocols = stompVersions.protocolVersions();
      const peer = await Peer.connect(hub.ws('/ws'), { stompVersions, protocols });
      t.after(() => peer.close());
      assert.equal(peer.client.connectedVersion, version);
      assert.equal(peer.client.webSocket.protocol, protocol);
      const messages = await peer.subscribe('/topic/position-update');
      await waitFor(() => messages.length > 0, 'the snapshot');
      assert.equal(JSON.parse(messages[0].body)[0].id.symbol, 'AAPL');
    });
  }

  it('gets the newest of the versions and subprotocols it offers', async (t) => {
    const protocols = Versions.default.protocolVersions();
    const peer = await Peer.connect(hub.ws('/ws'), { protocols });
    t.after(() => peer.close());
    assert.equal(peer.client.connectedVersion, Versions.V1_2);
    assert.equal(peer.client.webSocket.protocol, 'v12.stomp');
  });

  it('stops getting messages of a subscription it ended, and keeps the others', async (t) => {
    const peer = await Peer.connect(hub.ws('/ws'));
    t.after(() => peer.close());
    const ended = await peer.subscribe('/topic/position-update', { id: 'ended' });
    const kept = await peer.subscribe('/topic/position-update', { id: 'kept' });
    await waitFor(() => ended.length > 0 && kept.length > 0, 'both snapshots');
    const stray = [];
    peer.client.onUnhandledMessage = (message) => stray.push(message.headers);
    peer.client.unsubscribe('ended');
    await ingest(hub, 'transactions', [
      {
        transactionId: '00000000-0000-4000-8000-000000000003',
        portfolioId: '00000000-0000-4000-8000-000000000002',
        symbol: 'MSFT',
        side: 'BUY',
        quantity: 1,
        price: 1,
      },
    ]);
    await waitFor(
      () => kept.some(({ body }) => body.includes('MSFT')),
      'MSFT on the subscription that is kept',
    );
    assert.deepEqual(stray, []);
    assert.ok(!ended.some(({ body }) => body.includes('MSFT')));
  });
});
