// The gateway: every path of every service on one origin, and where a frontend finds it; and what every port has.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createContext, runInContext } from 'node:vm';

import { createSession, session } from './lib/autotrader.mjs';
import { Dashboard } from './lib/dashboard.mjs';
import { NATIVE, calls, fill, firstMessages, sockets, timeless } from './lib/endpoints.mjs';
import { Hub, SERVICES } from './lib/hub.mjs';
import { LeaderboardPage } from './lib/leaderboard-page.mjs';
import { LeaderboardWsService } from './lib/leaderboard-ws-service.mjs';
import { NativePeer, notAllowed } from './lib/native.mjs';
import { Peer } from './lib/peer.mjs';
import { assertProblem, get, ingest, positions, post, postJson, read } from './lib/rest.mjs';
import { assertSystemMetrics } from './lib/rttm.mjs';
import { RttmWsAlertsService } from './lib/rttm-ws-alerts-service.mjs';
import { key, newest, purchase, rows } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const GATEWAY = 'gateway';
const EVIL = 'http://evil.example';
const FRONTEND = 'http://localhost:4200';

describe('the gateway', () => {
  let hub;
  let ids;
  before(async () => {
    hub = await Hub.start();
    ids = await fill(hub);
  });
  after(() => hub?.stop());

  it('answers every GET as the service itself does', async () => {
    for (const [service, path] of calls(ids)) {
      const [own, front] = [await get(hub, path, service), await get(hub, path, GATEWAY)];
      assert.deepEqual(timeless(front), timeless(own), path);
      assert.ok([200, 400, 404].includes(own.status), `${path}: ${own.status}`);
    }
  });

  it('sends on every native socket what the service itself does', async () => {
    for (const socket of sockets(ids)) {
      const [own, front] = [await firstMessages(hub, socket), await firstMessages(hub, socket, GATEWAY)];
      assert.deepEqual(timeless(front), timeless(own), socket[1]);
    }
    const [metrics] = await firstMessages(hub, ['rttm', '/ws/metrics', 1], GATEWAY);
    assertSystemMetrics(metrics);
  });

  it('takes commands and facts for every service', async () => {
    const { status, body } = await postJson(hub, '/api/auto-trader/sessions', { initialCapital: 1 }, GATEWAY);
    assert.equal(status, 201);
    assert.deepEqual(await session(hub, body), body);
    const item = purchase(randomUUID(), 'GATEWAY');
    assert.equal((await ingest(hub, 'transactions', [item], GATEWAY)).status, 200);
    assert.ok((await positions(hub)).some((row) => key(row) === `${item.portfolioId} GATEWAY`));
  });

  for (const [transport, url] of [
    ['SockJS', () => hub.base('/ws', GATEWAY)],
    ['a plain WebSocket', () => hub.ws('/ws', GATEWAY)],
  ]) {
    it(`speaks STOMP over ${transport} at /ws`, async (t) => {
      const peer = await Peer.connect(url());
      t.after(() => peer.close());
      if (transport === 'SockJS') assert.equal(peer.client.webSocket.transport, 'websocket');
      const messages = await peer.subscribe('/topic/position-update');
      const expected = newest(await positions(hub), key);
      await waitFor(() => {
        assert.deepEqual(newest(rows(messages), key), expected);
        return true;
      }, 'the positions');
    });
  }

  it('tells a frontend by /env.js where everything is, and there it is', async (t) => {
    for (const url of [hub.http('', GATEWAY), hub.base('', GATEWAY)]) {
      const response = await fetch(`${url}/env.js`);
      assert.match(response.headers.get('content-type'), /^(text|application)\/javascript/);
      const context = createContext({ window: {} });
      runInContext(await response.text(), context);
      const ws = url.replace(/^http/, 'ws');
      const env = { ...context.window.__ENV__ };
      assert.deepEqual(env, {
        API_GATEWAY_HTTP: url,
        API_GATEWAY_WS: ws,
        AUTH_HTTP: url,
        ANALYTICS_HTTP: url,
        // There the hub speaks as the deployed frontend reads it; SockJS can't do with a ws URL (BUG-F5).
        ANALYTICS_WS: `${url}/pms`,
        LEADERBOARD_HTTP: `${url}/pms`,
        LEADERBOARD_WS: `${ws}/pms`,
        RTTM_HTTP: url,
        RTTM_WS: ws,
        PORTFOLIO_HTTP: url,
      });
      const dashboard = new Dashboard(`${env.ANALYTICS_WS}/ws`);
      t.after(() => dashboard.close());
      const page = new LeaderboardPage(env);
      t.after(() => page.close());
      const leaderboard = new LeaderboardWsService(ws);
      t.after(() => leaderboard.disconnect());
      const alerts = new RttmWsAlertsService(env.RTTM_WS);
      t.after(() => alerts.disconnect());
      await dashboard.open();
      leaderboard.connect();
      alerts.connect();
      await waitFor(() => dashboard.positions.size > 0 && dashboard.unrealised.size > 0, 'analytics');
      await waitFor(() => leaderboard.snapshots$.value?.total === 4, 'the leaderboard');
      await waitFor(() => alerts.alerts$.value?.length === 3, 'the alerts');
      await waitFor(() => page.rows.length === 4, 'the leaderboard page');
      const shown = await page.ask('top');
      assert.deepEqual(
        page.rows.map(({ rank, portfolioId, compositeScore }) => [rank, portfolioId, compositeScore]),
        shown.map(({ rank, portfolioId, compositeScore }) => [rank, portfolioId, compositeScore]),
      );
      for (const row of [...page.rows, ...shown]) {
        assert.ok(Number.isFinite(row.avgReturn), JSON.stringify(row));
        assert.ok(Date.parse(row.updatedAt) > 0, JSON.stringify(row));
      }
      const [{ portfolioId }] = shown;
      assert.deepEqual(await page.ask(`around?portfolioId=${portfolioId}&range=1`), shown.slice(0, 2));
      assert.equal(await page.ask(`around?portfolioId=${randomUUID()}&range=1`), 404);
    }
  });

  it('has a status page at / that names every service, its port and its connections', async (t) => {
    const { status, type, body: html } = await get(hub, '/', GATEWAY);
    assert.equal(status, 200);
    assert.match(type, /^text\/html/);
    for (const service of SERVICES) assert.match(html, new RegExp(`\\b${service}\\b`));
    for (const [, path] of html.matchAll(/href="([^"]+)"/g)) {
      assert.equal((await get(hub, path, GATEWAY)).status, 200, `the link to ${path}`);
    }
    const peers = [];
    for (const [path, service] of [
      ['/ws/positions', 'analytics'],
      ['/ws/top', 'leaderboard'],
      ['/ws/top', 'leaderboard'],
      ['/ws/dlq', 'rttm'],
      ['/ws/auto-trader', 'auto-trader'],
      ['/ws/auto-trader', GATEWAY],
    ]) {
      peers.push(await NativePeer.connect(hub.ws(path, service)));
    }
    t.after(() => Promise.all(peers.map((peer) => peer.close())));
    const connections = { analytics: 1, leaderboard: 2, rttm: 1, 'auto-trader': 1, gateway: 1 };
    await waitFor(async () => {
      const { ready, services } = await read(hub, '/status.json', GATEWAY);
      assert.equal(services.length, SERVICES.length);
      for (const { name, port, connections: open } of services) {
        assert.deepEqual([name, String(port), open], [name, hub.port(name), connections[name]]);
      }
      return ready;
    }, 'the connections that are open');
  });
});

for (const service of SERVICES) {
  describe(`the port of ${service}`, () => {
    let hub;
    before(async () => (hub = await Hub.start()));
    after(() => hub?.stop());

    it('answers HEAD / with 200, as curl -I asks', async () => {
      const response = await fetch(hub.http('/', service), { method: 'HEAD' });
      assert.deepEqual([response.status, await response.text()], [200, '']);
    });

    it('tells whether it is well', async () => {
      for (const path of ['/health', '/ready', '/actuator/health']) {
        assert.deepEqual(await read(hub, path, service), { status: 'UP' });
      }
      for (const path of ['/actuator/health/liveness', '/actuator/health/readiness']) {
        assert.equal((await get(hub, path, service)).status, 200);
      }
      const { status, body } = await get(hub, '/metrics', service);
      assert.equal(status, 200);
      assert.match(body, /^hub_connection_attempts_total \d+$/m);
    });

    it('takes facts in, and relay messages', async () => {
      const { status, body } = await ingest(hub, 'prices', [{ symbol: 'AAPL', price: 1 }], service);
      assert.deepEqual([status, body.accepted], [200, 1]);
      const text = { 'content-type': 'text/plain' };
      const published = await post(hub, '/api/publish/topic/relay/x', 'x', text, service);
      assert.ok(published.status >= 200 && published.status < 300, `${published.status}`);
    });

    it('has nothing at paths that nobody serves', async () => {
      assertProblem(await get(hub, '/api/nothing', service), 404, /\/api\/nothing/);
      await assert.rejects(NativePeer.connect(hub.ws('/ws/nothing', service)), /404/);
    });

    it('lets pages of the frontend in, and no others', async () => {
      const preflight = (origin) => {
        const asked = { origin, 'access-control-request-method': 'POST' };
        return fetch(hub.http('/api/ingest/prices', service), { method: 'OPTIONS', headers: asked });
      };
      const allowed = await preflight(FRONTEND);
      assert.deepEqual([allowed.ok, allowed.headers.get('access-control-allow-origin')], [true, FRONTEND]);
      assert.equal((await preflight(EVIL)).headers.get('access-control-allow-origin'), null);
      const evil = await NativePeer.connect(hub.ws(NATIVE[service], service), { origin: EVIL });
      await waitFor(() => evil.closes.length > 0, 'a close');
      assert.deepEqual([evil.closes, evil.messages], [[notAllowed(EVIL)], []]);
      const own = await NativePeer.connect(hub.ws(NATIVE[service], service), { origin: FRONTEND });
      await own.pinged();
      await own.close();
    });
  });
}
