// nginx that keeps its connections to the hub, and says `Connection: upgrade` on every request, as its common
// recipe does.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';

import { Front } from './lib/front.mjs';
import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { Peer } from './lib/peer.mjs';
import { Proxy } from './lib/proxy.mjs';
import { positions, read } from './lib/rest.mjs';
import { request } from './lib/site.mjs';
import { key, newest, purchase, rows } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

/** Clients that ask at the same time, and connections that nginx keeps. */
const CLIENTS = 16;

const POSTS = 3000;

/** Of each other kind of request. */
const REQUESTS = 200;

const JSON_BODY = { 'content-type': 'application/json' };

/** What Java's HttpClient offers on every POST over http. */
const H2C = {
  connection: 'Upgrade, HTTP2-Settings',
  upgrade: 'h2c',
  'http2-settings': 'AAEAAEAAAAIAAAAAAAMAAAAA',
};

const PREFLIGHT = { origin: 'http://localhost:4200', 'access-control-request-method': 'POST' };

const pooled = (upstream) => (port) => `
upstream hub {
    server 127.0.0.1:${upstream};
    keepalive ${CLIENTS};
}
server {
    listen 127.0.0.1:${port};
    location / {
        proxy_pass http://hub;
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
    }
}
`;

describe('behind nginx with a pooled upstream and Connection: upgrade on all', () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  let hub;
  let nginx;
  before(async () => {
    hub = await Hub.start();
    nginx = await Front.nginx(pooled(hub.port('gateway')));
  });
  after(async () => {
    agent.destroy();
    await nginx?.stop();
    await hub?.stop();
  });

  /** Asks so many times, as many at a time as there are clients; `options` of the request by its number. */
  function ask(count, path, options, front = nginx) {
    const all = Array.from({ length: count }, (_, index) => index);
    return Promise.all(all.map((index) => request(front.http(path), { agent, ...options(index) })));
  }

  const price = (index) => ({
    method: 'POST',
    headers: JSON_BODY,
    body: JSON.stringify({ symbol: `S${index}`, price: index + 1 }),
  });

  const transaction = (portfolioId) => () => ({
    method: 'POST',
    headers: JSON_BODY,
    body: JSON.stringify(purchase(portfolioId, 'AAPL')),
  });

  /** Each was answered, and by the hub: how many by which status. */
  function assertAnswered(answers, statuses) {
    const counts = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    assert.deepEqual(counts, statuses);
  }

  it(`${POSTS} POSTs of prices are answered, none by 502 or 504, and each item is accepted once`, async () => {
    const answers = await ask(POSTS, '/api/ingest/prices', price);
    assertAnswered(answers, { 200: POSTS });
    assert.ok(answers.every(({ body }) => body.accepted === 1));
    const places = new Set(answers.map(({ body }) => body.results[0].position));
    assert.equal(places.size, POSTS, 'each has a place of its own in the log');
  });

  it('each of 500 transactions counts once', async () => {
    const portfolioId = randomUUID();
    assertAnswered(await ask(500, '/api/ingest/transactions', transaction(portfolioId)), { 200: 500 });
    const held = (await positions(hub)).find(({ id }) => id.portfolioId === portfolioId);
    assert.equal(held.holdings, 500);
  });

  for (const [what, path, options] of [
    ['GET', '/api/analysis/all', {}],
    ['HEAD', '/', { method: 'HEAD' }],
    ['GET of what is not there', '/api/nothing', {}],
    ['POST of a wrong item', '/api/ingest/prices', { ...price(0), body: '{"symbol":"S"}' }],
    ['POST of a broken body', '/api/ingest/prices', { ...price(0), body: '{' }],
    ['preflight', '/api/ingest/prices', { method: 'OPTIONS', headers: PREFLIGHT }],
    ['POST that offers h2c', '/api/ingest/prices', { ...price(0), headers: { ...JSON_BODY, ...H2C } }],
    ['GET that offers h2c', '/health', { headers: H2C }],
  ]) {
    it(`a ${what} is answered as by the hub itself, each of ${REQUESTS} times`, async () => {
      const { status } = await request(hub.http(path, 'gateway'), options);
      assertAnswered(await ask(REQUESTS, path, () => options), { [status]: REQUESTS });
    });
  }

  it('uses as many connections as there are clients', async (t) => {
    const between = await Proxy.before(hub.port('gateway'), { record: true });
    t.after(() => between.stop());
    const counted = await Front.nginx(pooled(between.port));
    t.after(() => counted.stop());
    assertAnswered(await ask(500, '/api/ingest/prices', price, counted), { 200: 500 });
    const connections = between.records.length;
    assert.ok(connections <= 2 * CLIENTS, `${connections} connections for 500 POSTs of ${CLIENTS} clients`);
  });

  it('a WebSocket and a SockJS session get through', async (t) => {
    const native = await NativePeer.connect(nginx.ws('/ws/positions'));
    t.after(() => native.close());
    await native.pinged();
    const peer = await Peer.connect(nginx.http('/ws'));
    t.after(() => peer.close());
    const messages = await peer.subscribe('/topic/position-update');
    const expected = newest(await read(hub, '/api/analysis/all'), key);
    await waitFor(() => {
      assert.deepEqual(newest(rows(messages), key), expected);
      return true;
    }, 'the positions');
  });

  it('nothing was amiss, says nginx', () => assert.equal(nginx.output, ''));
});
