// STOMP over SockJS, with sockjs-client itself.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { get, request } from 'node:http';
import { after, before, describe, it } from 'node:test';

import { assertFarewell } from './lib/farewell.mjs';
import { Hub } from './lib/hub.mjs';
import { Peer, closed } from './lib/peer.mjs';
import { metric, positions, post, publish } from './lib/rest.mjs';
import { assertPosition, assertUnrealised } from './lib/shapes.mjs';
import { key, newest, purchase, quote, rows, sale, trade } from './lib/trades.mjs';
import { numbers } from './lib/v1.mjs';
import { waitFor } from './lib/wait.mjs';

/** Where SockJS is mounted. */
const MOUNTS = ['', '/ws'];

/** What sockjs-client says of a close that its own side asked for. */
const LEFT = { code: 1000, reason: 'Normal closure' };

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

/** Characters of one to four octets, and whatever JSON, SockJS or STOMP has to escape or must not. */
const UNICODE =
  'ÄÖ€😀 "quoted" \\ back\\nslash : colon\r\n\ttab \u0000 NUL \u0007 \u2028 \u2029 \ufeff \uffff end';

/** More than 64 KiB, whatever one counts. */
const LARGE = 'Kurs: 195,30 € für 50 Stück "ÄÖ€😀"\n'.repeat(2000);

/** Three heart-beats at the 10 s that both sides ask for, and one to spare; and one of SockJS's 25 s. */
const HEARTBEATS_MS = 40_000;

describe('a stompjs client over SockJS', { concurrency: true }, () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  /** `t`'s own, connected. */
  async function connect(t, path = '/ws', options = {}) {
    const peer = await Peer.connect(hub.base(path), options);
    t.after(() => peer.close());
    return peer;
  }

  for (const path of MOUNTS) {
    const base = `http://localhost:<port>${path}`;

    it(`connects at ${base}, over a WebSocket, and leaves by DISCONNECT`, async () => {
      const peer = await Peer.connect(hub.base(path));
      const { transport, url } = peer.client.webSocket;
      assert.equal(transport, 'websocket');
      assert.equal(url.replace(/\/$/, ''), hub.base(path), 'the client speaks SockJS, to this base');
      assert.equal(peer.client.connectedVersion, '1.2');
      await peer.close();
      assert.deepEqual(peer.closes, [LEFT]);
      assert.deepEqual(peer.errors, []);
    });

    it(`gets positions at ${base}: the snapshot, then what changes`, async (t) => {
      const portfolioId = randomUUID();
      await trade(hub, purchase(portfolioId, 'AAPL', { quantity: 100, price: 10.5 }));
      const peer = await connect(t, path);
      const messages = await peer.subscribe(`/topic/position-update/${portfolioId}`);
      /** Waits until the newest row says this, and REST the same. */
      const shows = async (expected) => {
        const row = await waitFor(() => {
          const last = rows(messages).at(-1);
          assert.deepEqual(last && numbers(last), expected);
          return last;
        }, 'the position');
        assertPosition(row);
        const listed = (await positions(hub)).filter(({ id }) => id.portfolioId === portfolioId);
        assert.deepEqual(listed, [row]);
      };
      await shows({ holdings: 100, totalInvested: 1050, realizedPnl: 0 });
      await trade(hub, sale(portfolioId, 'AAPL', { quantity: 40, price: 12 }));
      await shows({ holdings: 60, totalInvested: 630, realizedPnl: 60 });
      assert.deepEqual(rows(messages).length, 2);
    });

    it(`gets unrealised P&L at ${base}: the snapshot, then what changes`, async (t) => {
      const portfolioId = randomUUID();
      const symbol = `PNL${path.length}`;
      await trade(hub, purchase(portfolioId, symbol, { quantity: 30, price: 12 }));
      await quote(hub, { [symbol]: 16 });
      const peer = await connect(t, path);
      const messages = await peer.subscribe(`/topic/unrealized-pnl/${portfolioId}`);
      const gains = async (amount) => {
        const expected = {
          symbol: { [symbol]: amount },
          overallUnrealised_Pnl: amount,
          portfolio_id: portfolioId,
        };
        const pnl = await waitFor(() => {
          const last = JSON.parse(messages.at(-1)?.body ?? null);
          assert.deepEqual(last, expected);
          return last;
        }, `an unrealised P&L of ${amount}`);
        assertUnrealised(pnl);
      };
      await gains(120);
      await quote(hub, { [symbol]: 11.5 });
      await gains(-15);
    });

    it(`stays at ${base} without ever subscribing: STOMP heart-beats flow both ways, and no SockJS ones`, async () => {
      let received = 0;
      const peer = await Peer.connect(hub.base(path), { onHeartbeatReceived: () => received++ });
      assert.equal(peer.connections[0].headers['heart-beat'], '10000,10000');
      await waitFor(() => received >= 3, 'three heart-beats of the hub', HEARTBEATS_MS);
      assert.equal(peer.sockjsHeartbeats, 0, 'h');
      assert.deepEqual(peer.closes, []);
      await peer.close();
      assert.deepEqual(peer.closes, [LEFT]);
    });
  }

  it('without STOMP heart-beats gets those of SockJS', async (t) => {
    const peer = await connect(t, '/ws', { heartbeatIncoming: 0, heartbeatOutgoing: 0 });
    await waitFor(() => peer.sockjsHeartbeats > 0, 'an h', HEARTBEATS_MS);
    const messages = await peer.subscribe('/topic/relay/after-h');
    await publish(hub, '/topic/relay/after-h', 'still here', TEXT);
    await waitFor(() => messages.length > 0, 'a message after the h');
    assert.equal(messages[0].body, 'still here');
  });

  it('is closed with 4001 when it promised heart-beats and falls silent', async () => {
    const peer = await Peer.connect(hub.base('/ws'));
    peer.client.webSocket.send = () => {};
    assert.deepEqual(await closed([peer], HEARTBEATS_MS), [{ code: 4001, reason: 'No heart-beat received' }]);
  });

  it('stops getting messages of a subscription it ended, and keeps the others', async (t) => {
    const portfolioId = randomUUID();
    await trade(hub, purchase(portfolioId, 'AAPL'));
    const peer = await connect(t);
    const destination = `/topic/position-update/${portfolioId}`;
    const ended = await peer.subscribe(destination, { id: 'ended' });
    const kept = await peer.subscribe(destination, { id: 'kept' });
    await waitFor(() => ended.length > 0 && kept.length > 0, 'both snapshots');
    const stray = [];
    peer.client.onUnhandledMessage = (message) => stray.push(message.headers);
    await peer.unsubscribe('ended');
    await trade(hub, purchase(portfolioId, 'MSFT'));
    const has = (messages) => rows(messages).map(({ id }) => id.symbol);
    await waitFor(() => has(kept).includes('MSFT'), 'MSFT on the subscription that is kept');
    assert.deepEqual(has(kept), ['AAPL', 'MSFT']);
    assert.deepEqual(has(ended), ['AAPL']);
    assert.deepEqual(stray, []);
  });

  it('is told by an ERROR what was wrong, and closed with 4500', async () => {
    const peer = await Peer.connect(hub.base('/ws'));
    peer.client.subscribe('/topic/nothing', () => {}, { receipt: 'r-1' });
    assert.deepEqual(await closed([peer]), [{ code: 4500, reason: 'Protocol error' }]);
    assert.equal(peer.errors.length, 1);
    const [{ message, body, 'receipt-id': receipt }] = peer.errors;
    assert.match(message, /^(subscription refused|bad destination)$/);
    assert.ok(body.includes('/topic/nothing'), body);
    assert.equal(receipt, 'r-1');
  });
});

describe('text over SockJS', { concurrency: true }, () => {
  let hub;
  before(async () => (hub = await Hub.start({ settings: { 'relay.client_send': 'true' } })));
  after(() => hub?.stop());

  async function connect(t, url, options) {
    const peer = await Peer.connect(url, options);
    t.after(() => peer.close());
    return peer;
  }

  for (const [name, body] of Object.entries({ UNICODE, LARGE })) {
    it(`that was published arrives byte for byte: ${name}`, async (t) => {
      const peer = await connect(t, hub.base('/ws'));
      const destination = `/topic/relay/published-${name}`;
      const messages = await peer.subscribe(destination);
      const { status } = await publish(hub, destination, body, TEXT);
      assert.equal(status, 200);
      await arrived(messages, body);
    });

    for (const [mount, other] of [
      ['', '/ws'],
      ['/ws', ''],
    ]) {
      it(`that is sent at http://localhost:<port>${mount} reaches all others byte for byte: ${name}`, async (t) => {
        const sender = await connect(t, hub.base(mount));
        const destination = `/topic/relay/sent-${name}-${mount.length}`;
        const receivers = await Promise.all([
          connect(t, hub.base(other)),
          connect(t, hub.base(mount)),
          connect(t, hub.ws()),
          Promise.resolve(sender),
        ]);
        const mailboxes = await Promise.all(receivers.map((peer) => peer.subscribe(destination)));
        await sender.send(destination, { body, headers: { ...TEXT, x: 'ÄÖ€😀:\\\n' } });
        for (const messages of mailboxes) {
          const message = await arrived(messages, body);
          assert.equal(message.headers.x, 'ÄÖ€😀:\\\n');
        }
      });
    }
  }

  it('that is sent in many pieces arrives whole', async (t) => {
    const body = 'Kurs: 195,30 € für 50 Stück\n'.repeat(2500);
    const sender = await connect(t, hub.base('/ws'), { splitLargeFrames: true });
    const messages = await sender.subscribe('/topic/relay/pieces');
    await sender.send('/topic/relay/pieces', { body, headers: TEXT });
    await arrived(messages, body);
  });

  it('that is a symbol comes back as the same symbol', async (t) => {
    const portfolioId = randomUUID();
    const symbols = ['ÄÖ€😀', 'quote"d', 'back\\slash', 'line\u2028separator'];
    await trade(hub, ...symbols.map((symbol) => purchase(portfolioId, symbol)));
    const peer = await connect(t, hub.base('/ws'));
    const messages = await peer.subscribe(`/topic/position-update/${portfolioId}`);
    await waitFor(() => rows(messages).length >= symbols.length, 'a position of each symbol');
    const held = rows(messages).map(({ id }) => id.symbol);
    assert.deepEqual(held.sort(), symbols.sort());
  });

  it('is all that goes: octets that are none close their subscriber with 4501, and no other', async (t) => {
    const subscriber = await Peer.connect(hub.base('/ws'));
    await subscriber.subscribe('/topic/relay/octets');
    const bystander = await connect(t, hub.base('/ws'));
    const other = await bystander.subscribe('/topic/relay/no-octets');
    const plain = await connect(t, hub.ws());
    const messages = await plain.subscribe('/topic/relay/octets');
    await publish(hub, '/topic/relay/octets', Uint8Array.of(0xff, 0, 0xfe), {});
    assert.deepEqual(await closed([subscriber]), [
      { code: 4501, reason: "A binary message can't be carried here" },
    ]);
    await waitFor(() => messages.length > 0, 'the octets on a plain WebSocket');
    assert.deepEqual([...messages[0].binaryBody], [0xff, 0, 0xfe]);
    await publish(hub, '/topic/relay/no-octets', 'still here', TEXT);
    await arrived(other, 'still here');
  });

  it('larger than limits.message_bytes is refused, and costs the others nothing', async (t) => {
    const bystander = await connect(t, hub.base('/ws'));
    const messages = await bystander.subscribe('/topic/relay/too-large');
    const sender = await Peer.connect(hub.base('/ws'));
    sender.client.publish({ destination: '/topic/relay/too-large', body: 'x'.repeat((1 << 20) + 1) });
    const [{ code }] = await closed([sender]);
    assert.equal(code, 1009);
    await publish(hub, '/topic/relay/too-large', 'small', TEXT);
    await arrived(messages, 'small');
  });

  /** Waits for the one message, and returns it. */
  async function arrived(messages, body) {
    await waitFor(() => messages.length > 0, 'the message');
    assert.equal(messages.length, 1);
    const [message] = messages;
    assert.equal(message.body, body);
    assert.deepEqual(Buffer.from(message.binaryBody), Buffer.from(body));
    return message;
  }
});

describe('a page that uses SockJS', () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  const welcome = 'http://localhost:4200';
  const evil = 'http://evil.example';

  /** `GET` as a page of `origin` would. */
  function info(path, origin) {
    const answer = new Promise((resolve, reject) => {
      get(hub.http(`${path}/info`), { headers: { origin } }, async (response) => {
        const chunks = await response.toArray();
        resolve({ status: response.statusCode, headers: response.headers, text: chunks.join('') });
      }).on('error', reject);
    });
    return waitFor(answer, `the answer to GET ${path}/info`);
  }

  /** Asks as a page that is welcome, reads until it has come, and hangs up. */
  function opened(method, path, opening) {
    const answer = new Promise((resolve, reject) => {
      const asked = request(hub.http(path), { method, headers: { origin: welcome } }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
          if (!opening.test(text)) return;
          resolve([response.statusCode, response.headers, text]);
          asked.destroy();
        });
      });
      asked.on('error', reject).end();
    });
    return waitFor(answer, `the opening at ${method} ${path}`);
  }

  for (const path of MOUNTS) {
    it(`is told at ${path}/info what sockjs-client wants to know`, async () => {
      const { status, headers, text } = await info(path, welcome);
      assert.equal(status, 200);
      assert.equal(headers['content-type'], 'application/json; charset=UTF-8');
      assert.equal(headers['access-control-allow-origin'], welcome);
      assert.equal(headers['access-control-allow-credentials'], 'true');
      assert.match(headers['cache-control'], /no-store/);
      const { entropy, ...rest } = JSON.parse(text);
      assert.deepEqual(rest, { websocket: true, origins: ['*:*'], cookie_needed: false });
      assert.ok(Number.isInteger(entropy) && entropy >= 0 && entropy < 2 ** 32, text);
      const again = JSON.parse((await info(path, welcome)).text);
      assert.notEqual(again.entropy, entropy, 'random each time');
    });

    it(`is greeted at ${path || '/'}, and may open a session of any transport`, async () => {
      const greeting = await fetch(hub.http(path));
      assert.deepEqual([greeting.status, await greeting.text()], [200, 'Welcome to SockJS!\n']);
      const session = await fetch(hub.http(`${path}/000/${randomUUID()}/websocket`));
      assert.equal(session.status, 400);
      assert.ok((await session.text()).includes('Can "Upgrade" only to "WebSocket".'));
      for (const [method, transport, opening] of [
        ['POST', 'xhr', /^o\n/],
        ['POST', 'xhr_streaming', /^h{2048}\no\n/],
        ['GET', 'eventsource', /^\r\ndata: o\r\n\r\n/],
        ['GET', 'htmlfile?c=callback', /<script>\np\("o"\);\n<\/script>\r\n/],
        ['GET', 'jsonp?c=callback', /^\/\*\*\/callback\("o"\);\r\n/],
      ]) {
        const [status, headers, text] = await opened(
          method,
          `${path}/000/${randomUUID()}/${transport}`,
          opening,
        );
        assert.equal(status, 200, transport);
        assert.equal(headers['access-control-allow-origin'], welcome, transport);
        assert.match(headers['cache-control'], /no-store/, transport);
        assert.match(text, opening, transport);
      }
      for (const [transport, body] of [
        ['xhr_send', '["x"]'],
        ['jsonp_send', 'd=%5B%22x%22%5D'],
      ]) {
        const answer = await post(hub, `${path}/000/${randomUUID()}/${transport}`, body);
        assert.equal(answer.status, 404, `${transport} to a session that nobody opened`);
      }
    });

    it(`of another origin is refused at ${path}/info and at its WebSocket`, async () => {
      const { status, headers } = await info(path, evil);
      assert.deepEqual([status, headers['access-control-allow-origin']], [403, undefined]);
      const peer = new Peer(hub.base(path), { socket: websocketOnly(evil) });
      peer.client.activate();
      assert.deepEqual(await closed([peer]), [{ code: 2000, reason: 'All transports failed' }]);
      assert.deepEqual([peer.connections, peer.errors], [[], []]);
    });

    it(`of an allowed origin is welcome at ${path}`, async () => {
      const peer = await Peer.connect(hub.base(path), { socket: websocketOnly(welcome) });
      await peer.close();
      assert.deepEqual(peer.closes, [LEFT]);
    });
  }

  /** As sockjs-client would connect in a page of `origin`, were WebSocket all that it knows. */
  function websocketOnly(origin) {
    return { transports: ['websocket'], transportOptions: { websocket: { headers: { origin } } } };
  }
});

describe('50 clients over SockJS', () => {
  const COUNT = 50;
  const SAMPLE = 'hub_connections{service="analytics",transport="sockjs"}';
  const held = Array.from({ length: 60 }, (_, index) => purchase(randomUUID(), `S${index}`));
  const portfolioId = randomUUID();
  let hub;
  let peers;
  let mailboxes;
  before(async () => {
    hub = await Hub.start();
    await trade(hub, ...held);
    peers = await Promise.all(
      Array.from({ length: COUNT }, (_, index) => Peer.connect(hub.base(MOUNTS[index % MOUNTS.length]))),
    );
    mailboxes = await Promise.all(peers.map((peer) => peer.subscribe('/topic/position-update')));
  });
  after(async () => {
    await Promise.all((peers ?? []).map((peer) => peer.close()));
    await hub?.stop();
  });

  /** Waits until each has this many rows. */
  function allHave(count) {
    return waitFor(() => {
      const counts = new Set(mailboxes.map((messages) => rows(messages).length));
      assert.deepEqual([...counts], [count]);
      return true;
    }, `${count} rows for each of ${COUNT}`);
  }

  it('all get the snapshot, each row once', async () => {
    await allHave(held.length);
    const expected = newest(await positions(hub), key);
    for (const messages of mailboxes) assert.deepEqual(newest(rows(messages), key), expected);
  });

  it('all get the same updates, each once, in order', async () => {
    for (let update = 1; update <= 5; update++) {
      await trade(hub, purchase(portfolioId, 'AAPL'));
      await allHave(held.length + update);
    }
    for (const messages of mailboxes) {
      const updates = rows(messages).slice(held.length);
      assert.deepEqual(
        updates.map((row) => [row.id.portfolioId, row.holdings]),
        [1, 2, 3, 4, 5].map((holdings) => [portfolioId, holdings]),
      );
    }
  });

  it('are counted, and no more once they have left', async () => {
    assert.equal(await metric(hub, SAMPLE), COUNT);
    await Promise.all(peers.map((peer) => peer.close()));
    assert.deepEqual(await closed(peers), Array(COUNT).fill(LEFT));
    await waitFor(async () => (await metric(hub, SAMPLE)) === 0, 'no SockJS connections');
  });
});

describe('SIGTERM', () => {
  it('closes every SockJS client with 1001 after all that was acknowledged has been sent', async (t) => {
    const mounts = Array.from({ length: 20 }, (_, index) => MOUNTS[index % MOUNTS.length]);
    await assertFarewell(
      t,
      mounts.map((mount) => (hub) => Peer.connect(hub.base(mount))),
    );
  });
});
