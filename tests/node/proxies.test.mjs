// The recipes of docs/proxies.md, run as they are printed there: only ports and files are this machine's.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createContext, runInContext } from 'node:vm';

import { DevServer } from './lib/dev-server.mjs';
import { Front } from './lib/front.mjs';
import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { Peer } from './lib/peer.mjs';
import { Proxy } from './lib/proxy.mjs';
import { adapted, recipe } from './lib/recipes.mjs';
import { positions } from './lib/rest.mjs';
import { Certificate, Site, request } from './lib/site.mjs';
import { key, newest, purchase, rows, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const NAME = 'pms.example.com';
const EVIL = 'https://evil.example';

/** What the recipes of nginx and HAProxy ask the hub for. */
const ALLOWED = { 'server.allowed_origins': `https://${NAME}` };

const PEM = '/etc/ssl/pms.example.com.pem';
const GATEWAY = '127.0.0.1:8080';

let certificate;
before(async () => (certificate = await Certificate.of(NAME)));
after(() => certificate?.remove());

/** By their headings: how each recipe of a public name is run before a port of a hub. */
const FRONTS = {
  nginx: async (upstream) => {
    const printed = await recipe('nginx', 'nginx');
    return Front.nginx((port) =>
      adapted(printed, {
        'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
        [PEM]: certificate.certificate,
        '/etc/ssl/pms.example.com.key': certificate.key,
        [GATEWAY]: `127.0.0.1:${upstream}`,
      }),
    );
  },
  HAProxy: async (upstream) => {
    const printed = await recipe('HAProxy', 'haproxy');
    return Front.haproxy((port) =>
      adapted(printed, {
        'bind :443': `bind 127.0.0.1:${port}`,
        [PEM]: certificate.bundle,
        [GATEWAY]: `127.0.0.1:${upstream}`,
      }),
    );
  },
};

for (const [heading, start] of Object.entries(FRONTS)) {
  describe(`the recipe for ${heading}`, () => {
    let hub;
    let between;
    let front;
    let site;
    before(async () => {
      hub = await Hub.start({ settings: ALLOWED });
      await trade(hub, purchase(randomUUID(), 'AAPL'), purchase(randomUUID(), 'MSFT'));
      between = await Proxy.before(hub.port('gateway'), { record: true });
      front = await start(between.port);
      site = new Site(NAME, front.port, certificate);
    });
    after(async () => {
      await front?.stop();
      await between?.stop();
      await hub?.stop();
    });

    it('keeps its connection to the hub', async () => {
      for (let index = 0; index < 50; index++) {
        assert.equal((await request(site.url('/health'))).status, 200);
      }
      assert.ok(between.records.length <= 5, `${between.records.length} connections for 50 requests`);
    });

    it('passes REST on, and pages of the public name may read it', async () => {
      const headers = { origin: site.origin };
      const all = await request(site.url('/api/analysis/all'), { headers });
      assert.deepEqual([all.status, all.body], [200, await positions(hub)]);
      assert.equal(all.headers['access-control-allow-origin'], site.origin);
      const posted = await request(site.url('/api/ingest/prices'), {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: '{"symbol":"FRONT","price":1}',
      });
      assert.deepEqual([posted.status, posted.body.accepted], [200, 1]);
      const foreign = await request(site.url('/api/analysis/all'), { headers: { origin: EVIL } });
      assert.equal(foreign.headers['access-control-allow-origin'], undefined);
    });

    it('has /env.js name the public origin', async () => {
      const { status, body } = await request(site.url('/env.js'), { headers: { host: NAME } });
      assert.equal(status, 200);
      const page = createContext({ window: {} });
      runInContext(body, page);
      const { API_GATEWAY_HTTP, API_GATEWAY_WS, ANALYTICS_WS } = page.window.__ENV__;
      assert.deepEqual(
        [API_GATEWAY_HTTP, API_GATEWAY_WS, ANALYTICS_WS],
        [`https://${NAME}`, `wss://${NAME}`, `https://${NAME}/pms`],
      );
    });

    for (const path of ['/ws/positions', '/ws/updates', '/ws/rttm/alerts', '/ws/auto-trader']) {
      it(`passes the WebSocket ${path} on, for pages of the public name`, async (t) => {
        const peer = await NativePeer.connect(site.ws(path), { ...site.way, origin: site.origin });
        t.after(() => peer.close());
        await peer.pinged();
        const evil = await NativePeer.connect(site.ws(path), { ...site.way, origin: EVIL });
        await waitFor(() => evil.closes.length > 0, 'a close');
        assert.deepEqual([evil.closes[0].code, evil.messages], [1008, []]);
      });
    }

    for (const transport of ['websocket', 'xhr-streaming']) {
      it(`passes SockJS on, over ${transport}`, async (t) => {
        const websocket = { headers: { Origin: site.origin }, tls: { ...site.way } };
        const socket = { transports: transport, transportOptions: { websocket } };
        const peer = await Peer.connect(site.url('/ws'), { socket });
        t.after(() => peer.close());
        assert.equal(peer.client.webSocket.transport, transport);
        await receives(hub, peer);
      });
    }

    it('passes STOMP over a WebSocket on', async (t) => {
      const peer = await Peer.connect(site.ws('/ws'), { socket: { ...site.way, origin: site.origin } });
      t.after(() => peer.close());
      await receives(hub, peer);
    });
  });
}

describe('HAProxy finds the hub up', () => {
  let hub;
  let haproxy;
  /** What a balancer may ask, by the name of its backend. */
  const CHECKS = {
    default: 'option httpchk',
    ready: 'option httpchk GET /ready',
    asterisk: 'option httpchk OPTIONS *',
    asterisk_11: 'option httpchk\n    http-check send meth OPTIONS uri * ver HTTP/1.1 hdr Host localhost',
  };
  before(async () => {
    hub = await Hub.start();
    const server = `server hub 127.0.0.1:${hub.port('gateway')} check inter 100ms`;
    const backends = Object.entries(CHECKS).map(
      ([name, check]) => `backend ${name}\n    ${check}\n    ${server}\n`,
    );
    haproxy = await Front.haproxy((port) =>
      [
        'defaults\n    mode http\n    timeout connect 5s\n    timeout client 5s\n    timeout server 5s\n',
        `frontend pms\n    bind 127.0.0.1:${port}\n    default_backend ready\n`,
        ...backends,
      ].join(''),
    );
  });
  after(async () => {
    await haproxy?.stop();
    await hub?.stop();
  });

  for (const [name, check] of Object.entries(CHECKS)) {
    it(`by ${check.split('\n').at(-1).trim()}`, async () => {
      const found = await waitFor(async () => {
        const servers = await haproxy.servers();
        const { status, check_status, check_code } = servers.find(({ pxname }) => pxname === name);
        // Up, it is taken to be until a check has ended; `* ` is before a check that is under way.
        return check_code !== '' && [status, check_status.replace('* ', ''), check_code[0]];
      }, 'the first check');
      assert.deepEqual(found, ['UP', 'L7OK', '2']);
    });
  }
});

describe("the recipe for Angular's dev server", () => {
  let hub;
  before(async () => {
    hub = await Hub.start();
    await trade(hub, purchase(randomUUID(), 'AAPL'));
  });
  after(() => hub?.stop());

  for (const changeOrigin of [false, true]) {
    describe(`with changeOrigin: ${changeOrigin}`, () => {
      let server;
      before(async () => {
        const printed = await recipe("Angular's dev server", 'json');
        const text = adapted(printed, {
          'http://localhost:8080': hub.base('', 'gateway'),
          '"changeOrigin": false': `"changeOrigin": ${changeOrigin}`,
        });
        server = await DevServer.start(JSON.parse(text));
      });
      after(() => server?.stop());

      it('passes REST and /env.js on', async () => {
        const headers = { origin: server.origin, 'content-type': 'application/json' };
        const all = await request(`${server.origin}/api/analysis/all`);
        assert.deepEqual([all.status, all.body], [200, await positions(hub)]);
        const body = '{"symbol":"DEV","price":1}';
        const posted = await request(`${server.origin}/api/ingest/prices`, { method: 'POST', headers, body });
        assert.deepEqual([posted.status, posted.body.accepted], [200, 1]);
        const env = await request(`${server.origin}/env.js`);
        assert.match(env.type, /javascript/);
        assert.match(env.body, /__ENV__/);
      });

      it('passes native WebSockets on, for its own page and no foreign one', async (t) => {
        const url = `${server.origin.replace('http', 'ws')}/ws/rttm/alerts`;
        const peer = await NativePeer.connect(url, { origin: server.origin });
        t.after(() => peer.close());
        await peer.pinged();
        const evil = await NativePeer.connect(url, { origin: EVIL });
        await waitFor(() => evil.closes.length > 0, 'a close');
        assert.deepEqual([evil.closes[0].code, evil.messages], [1008, []]);
      });

      for (const transport of ['websocket', 'xhr-streaming']) {
        it(`passes SockJS on, over ${transport}`, async (t) => {
          const peer = await Peer.connect(`${server.origin}/ws`, { socket: { transports: transport } });
          t.after(() => peer.close());
          assert.equal(peer.client.webSocket.transport, transport);
          await receives(hub, peer);
        });
      }
    });
  }
});

/** The peer gets what REST lists, and what changes. */
async function receives(hub, peer) {
  const messages = await peer.subscribe('/topic/position-update');
  const shows = async () => {
    const expected = newest(await positions(hub), key);
    await waitFor(() => {
      assert.deepEqual(newest(rows(messages), key), expected);
      return true;
    }, 'the positions');
  };
  await shows();
  await trade(hub, purchase(randomUUID(), 'LATER'));
  await shows();
}
