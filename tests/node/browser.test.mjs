// STOMP over every transport that sockjs-client has in a browser, in Chromium, from a page of another origin.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Browser, SOCKJS } from './lib/browser.mjs';
import { Hub } from './lib/hub.mjs';
import { Peer } from './lib/peer.mjs';
import { Proxy } from './lib/proxy.mjs';
import { metric, publish } from './lib/rest.mjs';
import { BASIC_PLANE, EDGES, LARGE } from './lib/texts.mjs';
import { purchase, sale, trade } from './lib/trades.mjs';
import { numbers } from './lib/v1.mjs';
import { waitFor } from './lib/wait.mjs';

/** What a page of another origin has, and what tells them apart on the network. */
const TRANSPORTS = {
  websocket: [],
  'xhr-streaming': ['POST xhr_streaming', 'POST xhr_send'],
  eventsource: ['GET eventsource', 'POST xhr_send'],
  'iframe-eventsource': ['GET iframe.html', 'GET eventsource', 'POST xhr_send'],
  'iframe-htmlfile': ['GET iframe.html', 'GET htmlfile', 'POST xhr_send'],
  'xhr-polling': ['POST xhr', 'POST xhr_send'],
  'iframe-xhr-polling': ['GET iframe.html', 'POST xhr', 'POST xhr_send'],
  'jsonp-polling': ['GET jsonp', 'POST jsonp_send'],
};

/** And one more that only a page of the hub's own origin has. */
const OWN = { htmlfile: ['GET htmlfile', 'POST xhr_send'] };

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

const SETTINGS = { 'relay.client_send': 'true', 'server.sockjs_script': SOCKJS };

let browser;
before(async () => (browser = await Browser.start()));
after(() => browser?.stop());

describe('a page in Chromium', () => {
  let hub;
  before(async () => (hub = await Hub.start({ settings: SETTINGS })));
  after(() => hub?.stop());

  for (const [transport, requests] of Object.entries({ ...TRANSPORTS, ...OWN })) {
    /** `t`'s own, connected. */
    async function connect(t) {
      const tab = await browser.open(transport in OWN ? { at: hub.base('/ws') } : {});
      t.after(() => tab.close());
      assert.equal(await tab.connect(hub.base('/ws'), { transports: transport }), transport);
      return tab;
    }

    it(`over ${transport} gets positions: the snapshot, then what changes; and leaves by DISCONNECT`, async (t) => {
      const portfolioId = randomUUID();
      const topic = `/topic/position-update/${portfolioId}`;
      await trade(hub, purchase(portfolioId, 'AAPL', { quantity: 100, price: 10.5 }));
      const tab = await connect(t);
      await tab.subscribe(topic);
      await tab.bodies(topic, 1);
      await trade(hub, sale(portfolioId, 'AAPL', { quantity: 40, price: 12 }));
      const rows = (await tab.bodies(topic, 2)).flatMap((body) => JSON.parse(body));
      assert.deepEqual(rows.map(numbers), [
        { holdings: 100, totalInvested: 1050, realizedPnl: 0 },
        { holdings: 60, totalInvested: 630, realizedPnl: 60 },
      ]);
      await tab.leave();
      assert.deepEqual(await tab.closes(), [{ code: 1000, reason: 'Normal closure' }]);
      assert.deepEqual([tab.complaints, await tab.errors()], [[], []]);
      for (const request of requests) assert.ok(tab.requests.has(request), [...tab.requests].join(', '));
      if (transport === 'websocket') assert.ok(!tab.requests.has('POST xhr_send'));
    });

    it(`over ${transport} sends and receives text as it is, 64 KiB, and 200 messages in order`, async (t) => {
      const topic = `/topic/relay/${transport}`;
      const texts = [
        ...EDGES,
        BASIC_PLANE,
        ...LARGE,
        ...Array.from({ length: 200 }, (_, index) => `${index}`),
      ];
      const witness = await Peer.connect(hub.ws());
      t.after(() => witness.close());
      const seen = await witness.subscribe(topic);
      const tab = await connect(t);
      await tab.subscribe(topic);
      await tab.send(topic, texts);
      assert.deepEqual(await tab.bodies(topic, texts.length), texts);
      await waitFor(() => seen.length >= texts.length, 'what the page sent');
      assert.deepEqual(
        seen.map(({ body }) => body),
        texts,
      );
      for (const text of texts) assert.equal((await publish(hub, topic, text, TEXT)).status, 200);
      assert.deepEqual(await tab.bodies(topic, 2 * texts.length), [...texts, ...texts]);
      assert.deepEqual(tab.complaints, []);
    });

    it(`over ${transport} is told by an ERROR what was wrong, and closed with 4500`, async (t) => {
      const tab = await connect(t);
      tab.subscribe('/topic/nothing').catch(() => {});
      assert.deepEqual(await tab.closes(), [{ code: 4500, reason: 'Protocol error' }]);
      assert.equal((await tab.errors()).length, 1);
    });
  }

  for (const [cause, prepare] of Object.entries({
    'its browser has no WebSocket': (page) => page.addInitScript('delete window.WebSocket'),
    'the server has none, as /info says': (page) =>
      page.route('**/ws/info*', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...(await response.json()), websocket: false } });
      }),
    'a proxy lets none through': undefined,
  })) {
    it(`falls back to xhr-streaming by itself when ${cause}`, async (t) => {
      const proxy = await Proxy.before(hub.port('analytics'), { webSockets: false });
      t.after(() => proxy.stop());
      const tab = await browser.open({ prepare });
      t.after(() => tab.close());
      const base = prepare ? hub.base('/ws') : proxy.base('/ws');
      assert.equal(await tab.connect(base), 'xhr-streaming');
      assert.equal(proxy.refused, prepare ? 0 : 1);
      await tab.subscribe('/topic/relay/fallen-back');
      await tab.send('/topic/relay/fallen-back', ['all the same']);
      assert.deepEqual(await tab.bodies('/topic/relay/fallen-back', 1), ['all the same']);
    });
  }
});

describe('the page that the hub has for iframes', () => {
  let hub;
  before(async () => (hub = await Hub.start({ settings: SETTINGS })));
  after(() => hub?.stop());

  /** Puts it into a page, and returns a handle of what it says there. */
  function frame({ page }) {
    return page.evaluateHandle((url) => {
      const said = [];
      window.addEventListener('message', ({ data }) => said.push(data));
      const frame = document.createElement('iframe');
      frame.src = `${url}#window`;
      document.body.append(frame);
      return said;
    }, hub.base('/ws/iframe.html'));
  }

  it('serves pages that may connect', async (t) => {
    const tab = await browser.open();
    t.after(() => tab.close());
    const said = await frame(tab);
    await waitFor(async () => (await said.jsonValue()).length > 0, 'its first word');
    assert.deepEqual(await said.jsonValue(), ['{"windowId":"window","type":"s","data":""}']);
    assert.deepEqual(tab.complaints, []);
  });

  it('lets no other page in by a side door: what it asks for, it asks as a page of the hub', async (t) => {
    const tab = await browser.open({ at: browser.origin('evil.example') });
    t.after(() => tab.close());
    const said = await frame(tab);
    await waitFor(async () => {
      assert.deepEqual(await said.jsonValue(), []);
      return tab.complaints.some((text) => text.includes('frame-ancestors'));
    }, 'the browser to refuse it');
    assert.deepEqual(await said.jsonValue(), []);
  });
});

describe('pages in Chromium, one of each transport', () => {
  // Many pages on a busy machine are slow to come back: how slow is not what is tested here.
  const patient = { 'limits.handshake_ms': '60000', 'limits.sockjs_disconnect_delay_ms': '15000' };

  let hub;
  let tabs;
  before(async () => {
    hub = await Hub.start({ settings: { ...SETTINGS, ...patient } });
    tabs = await subscribed();
  });
  after(async () => {
    await Promise.all((tabs ?? []).map((tab) => tab.close()));
    await hub?.stop();
  });

  /** A page for each transport, one after another: each has the browser to itself while it starts. */
  async function subscribed() {
    const opened = [];
    for (const transport of Object.keys(TRANSPORTS)) {
      const tab = await browser.open();
      opened.push(tab);
      assert.equal(await tab.connect(hub.base('/ws'), { transports: transport }), transport);
      await tab.subscribe('/topic/position-update');
    }
    return opened;
  }

  const count = (transport) => metric(hub, `hub_connections{service="analytics",transport="${transport}"}`);

  it('are counted, and no more once they are closed without a word', async () => {
    const others = await subscribed();
    assert.deepEqual([await count('sockjs'), await count('sockjs-http')], [2, 2 * (others.length - 1)]);
    await Promise.all(others.map((tab) => tab.close()));
    await waitFor(async () => {
      assert.deepEqual([await count('sockjs'), await count('sockjs-http')], [1, others.length - 1]);
      return true;
    }, 'the closed ones to be forgotten');
  });

  it('are closed with 1001 at SIGTERM after all that was acknowledged has been sent', async () => {
    const last = purchase(randomUUID(), 'LAST');
    await trade(hub, last);
    hub.signalTerminate();
    for (const [n, tab] of tabs.entries()) {
      const transport = Object.keys(TRANSPORTS)[n];
      assert.deepEqual([transport, ...(await tab.closes())], [transport, { code: 1001, reason: 'Going away' }]);
      const rows = (await tab.bodies('/topic/position-update', 1)).flatMap((body) => JSON.parse(body));
      assert.equal(rows.at(-1).id.portfolioId, last.portfolioId);
      assert.deepEqual(await tab.errors(), []);
    }
    await hub.exitedCleanly();
  });
});
