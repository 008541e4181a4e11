// Being refused: each door says why, in its own protocol's way.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { notAllowed } from './lib/native.mjs';
import { Peer, closed } from './lib/peer.mjs';
import { post, publish } from './lib/rest.mjs';
import { waitFor } from './lib/wait.mjs';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('a STOMP session', () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  /** Connects, does what is refused, and returns the ERROR frame that comes before the close. */
  async function refused(act) {
    const peer = await Peer.connect(hub.ws());
    act(peer.client);
    const [close] = await closed([peer]);
    assert.deepEqual(close, { code: 4500, reason: 'Protocol error' });
    assert.equal(peer.errors.length, 1);
    return peer.errors[0];
  }

  for (const destination of [
    '/topic/nothing',
    '/topic/position-update/not-a-portfolio',
    '/elsewhere',
    'nonsense',
  ]) {
    it(`is told by name that there is no ${destination}, and closed`, async () => {
      const error = await refused((client) => client.subscribe(destination, () => {}, { receipt: 'r-1' }));
      assert.match(error.message, /^(subscription refused|bad destination)$/);
      assert.ok(error.body.includes(destination), `names ${destination}: ${error.body}`);
      assert.equal(error['receipt-id'], 'r-1');
    });
  }

  it('may not SEND to a relay destination unless the configuration lets it', async () => {
    const error = await refused((client) => client.publish({ destination: '/topic/relay/x', body: '1' }));
    assert.match(error.body, /relay\.client_send/);
  });

  it('may not SEND to a computed topic', async () => {
    const error = await refused((client) =>
      client.publish({ destination: '/topic/position-update', body: '[]' }),
    );
    assert.match(error.body, /position-update/);
  });

  it('is told that a subscription id is taken', async () => {
    const error = await refused((client) => {
      client.subscribe('/topic/position-update', () => {}, { id: 'mine' });
      client.subscribe('/topic/unrealized-pnl', () => {}, { id: 'mine' });
    });
    assert.match(error.body, /mine/);
  });

  it("costs nobody else's session anything", async (t) => {
    const bystander = await Peer.connect(hub.ws());
    t.after(() => bystander.close());
    const messages = await bystander.subscribe('/topic/relay/bystander');
    await refused((client) => client.subscribe('/topic/nothing', () => {}));
    await publish(hub, '/topic/relay/bystander', 'still here');
    await waitFor(() => messages.length > 0, "the bystander's message");
    assert.deepEqual(bystander.closes, []);
  });
});

describe('a page', () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  for (const origin of [
    'http://evil.example',
    'http://localhost.evil.example:4200',
    'https://localhost:4200',
    'null',
  ]) {
    it(`of ${origin} is closed with 1008`, async () => {
      const peer = new Peer(hub.ws(), { socket: { origin } });
      peer.client.activate();
      assert.deepEqual(await closed([peer]), [notAllowed(origin)]);
      assert.deepEqual([peer.connections, peer.errors], [[], []]);
    });
  }

  for (const origin of ['http://localhost:4200', 'http://127.0.0.1:8080', 'http://localhost']) {
    it(`of ${origin} is welcome`, async () => {
      const peer = await Peer.connect(hub.ws(), { socket: { origin } });
      await peer.close();
      assert.deepEqual(peer.closes, [{ code: 1000, reason: '' }]);
    });
  }

  it('of a list in the configuration is welcome, and then no other', async (t) => {
    const settings = { 'server.allowed_origins': 'https://pms.example,https://console.example:8443' };
    const strict = await Hub.start({ settings });
    t.after(() => strict.stop());
    const listed = await Peer.connect(strict.ws(), { socket: { origin: 'https://console.example:8443' } });
    t.after(() => listed.close());
    const local = new Peer(strict.ws(), { socket: { origin: 'http://localhost:4200' } });
    local.client.activate();
    assert.deepEqual(await closed([local]), [notAllowed('http://localhost:4200')]);
  });

  it('at a path without a WebSocket gets 404', async () => {
    const peer = new Peer(hub.ws('/nowhere'));
    peer.client.activate();
    await closed([peer]);
    assert.deepEqual(peer.failures, ['Unexpected server response: 404']);
  });
});

describe('a caller of REST', () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  for (const [what, status, path, body, headers] of [
    ['a body that is no JSON', 400, '/api/ingest/transactions', 'not JSON', JSON_TYPE],
    ['a body that breaks off', 400, '/api/ingest/transactions', '[{"transactionId":', JSON_TYPE],
    ['an empty body', 400, '/api/ingest/transactions', '', JSON_TYPE],
    ['a kind that does not exist', 404, '/api/ingest/wishes', '[]', JSON_TYPE],
    ['another media type', 415, '/api/ingest/transactions', '<xml/>', { 'content-type': 'application/xml' }],
    [
      'a body over limits.message_bytes',
      413,
      '/api/ingest/transactions',
      ' '.repeat((1 << 20) + 1),
      JSON_TYPE,
    ],
    ['a message over limits.message_bytes', 413, '/api/publish/topic/relay/x', 'x'.repeat((1 << 20) + 1), {}],
    ['a path that does not exist', 404, '/api/nothing', '', {}],
  ]) {
    it(`is told ${status} as problem+json for ${what}`, async () => {
      const answer = await post(hub, path, body, headers);
      assert.deepEqual([answer.status, answer.type], [status, 'application/problem+json']);
      assert.equal(answer.body.status, status);
      assert.ok(answer.body.title && answer.body.detail, JSON.stringify(answer.body));
    });
  }

  it('is told which items are wrong, and why, and the others are taken', async () => {
    const good = {
      transactionId: '00000000-0000-4000-8000-000000000001',
      portfolioId: '00000000-0000-4000-8000-000000000002',
      symbol: 'AAPL',
      side: 'BUY',
      quantity: '1.5',
      price: '10.25',
    };
    const bad = [
      [{ ...good, quantity: 'NaN' }, 'quantity'],
      [{ ...good, side: 'HOLD' }, 'side'],
      [{ ...good, portfolioId: 'P-1' }, 'portfolioId'],
      [{ ...good, price: -1 }, 'price'],
      ['no object', undefined],
    ];
    const items = [good, ...bad.map(([item]) => item)];
    const { status, body } = await post(hub, '/api/ingest/transactions', JSON.stringify(items), JSON_TYPE);
    assert.equal(status, 207);
    assert.deepEqual([body.accepted, body.rejected], [1, bad.length]);
    assert.deepEqual(
      body.results.map(({ status, field }) => [status, field]),
      [['accepted', undefined], ...bad.map(([, field]) => ['rejected', field])],
    );
    assert.ok(body.results.slice(1).every(({ reason }) => reason));
  });
});
