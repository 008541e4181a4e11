// Compression at work: large snapshots, many subscribers of one message, and those who read slowly.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { inflated } from './lib/frames.mjs';
import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { Peer } from './lib/peer.mjs';
import { Proxy } from './lib/proxy.mjs';
import { metric, positions, publish } from './lib/rest.mjs';
import { SUBSCRIBERS } from './lib/subscribers.mjs';
import { key, newest, purchase, quote, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const WORKERS = 2;
const PORTFOLIOS = 2500;
const SYMBOLS = ['AAPL', 'MSFT'];

/** A position as it is listed, by its key. */
const listed = async (hub) => newest(await positions(hub), key);

/** Sizes of windows, two of which many clients ask for. */
const WINDOWS = [15, 10];

const deflated = (what) => `hub_deflate_${what}_total`;

describe('compression', () => {
  const portfolioIds = Array.from({ length: PORTFOLIOS }, () => randomUUID());

  let hub;
  let proxy;
  before(async () => {
    hub = await Hub.start({ settings: { 'server.workers': String(WORKERS) } });
    proxy = await Proxy.before(hub.port('analytics'), { record: true });
    for (const symbol of SYMBOLS) {
      await trade(hub, ...portfolioIds.map((id, n) => purchase(id, symbol, { quantity: 1 + (n % 997) })));
    }
    await quote(hub, { AAPL: 10.25, MSFT: 9.5 });
  });
  after(async () => {
    await proxy?.stop();
    await hub?.stop();
  });

  for (const kind of Object.keys(SUBSCRIBERS)) {
    it(`lets a snapshot of thousands of rows arrive whole, and far smaller: ${kind}`, async (t) => {
      const bytes = [];
      for (const perMessageDeflate of [false, true]) {
        const index = proxy.records.length;
        const { peer, positions } = await SUBSCRIBERS[kind](proxy.ws(), undefined, { perMessageDeflate });
        t.after(() => peer.close());
        const expected = await listed(hub);
        await waitFor(() => positions().size >= expected.size, 'all rows');
        assert.deepEqual(positions(), expected);
        const { frames } = proxy.received(index);
        bytes.push(frames.reduce((sum, { payload }) => sum + payload.length, 0));
      }
      assert.ok(bytes[1] < bytes[0] / 3, `${bytes[1]} of ${bytes[0]} bytes`);
    });
  }

  it('counts what it has done', async (t) => {
    const counts = () =>
      Promise.all(['messages', 'input_bytes', 'output_bytes'].map((what) => metric(hub, deflated(what))));
    const before = await counts();
    const peer = await NativePeer.connect(proxy.ws('/ws/positions?topics=unrealized-pnl&batch=true'));
    t.after(() => peer.close());
    await waitFor(() => peer.data('unrealized-pnl').length >= PORTFOLIOS, 'the snapshot');
    const [messages, input, output] = (await counts()).map((count, index) => count - before[index]);
    const { frames } = proxy.received(proxy.records.length - 1);
    const pressed = frames.filter(({ compressed }) => compressed);
    const sum = (sizes) => sizes.reduce((total, size) => total + size, 0);
    assert.equal(messages, pressed.length);
    assert.equal(input, sum(pressed.map((frame) => inflated(frame).length)));
    // With their heads, of 2 bytes, or 4 from 126 on, or 10 from 65536 on.
    const head = ({ payload: { length } }) => (length > 0xffff ? 10 : length > 125 ? 4 : 2);
    assert.equal(output, sum(pressed.map((frame) => frame.payload.length + head(frame))));
  });

  for (const [what, topic, send, relayed] of [
    [
      'a relayed message',
      '/topic/relay/crowd',
      () => publish(hub, '/topic/relay/crowd', 'text '.repeat(1000)),
      true,
    ],
    [
      'a change of 100 positions',
      '/topic/position-update',
      () => trade(hub, ...portfolioIds.slice(0, 100).map((id) => purchase(id, 'CROWD'))),
    ],
  ]) {
    it(`is done once per worker and window of ${what}, however many subscribe`, async (t) => {
      const peers = await Promise.all(
        Array.from({ length: 60 }, async (_, n) => {
          const serverMaxWindowBits = WINDOWS[n % WINDOWS.length];
          const peer = await Peer.connect(hub.ws(), {
            socket: { perMessageDeflate: { serverMaxWindowBits } },
          });
          t.after(() => peer.close());
          return peer;
        }),
      );
      const mailboxes = await Promise.all(
        peers.map((peer) => peer.subscribe(topic, relayed ? {} : { snapshot: 'false' })),
      );
      const before = await metric(hub, deflated('messages'));
      await send();
      const rows = (messages) =>
        relayed
          ? messages.length * 100
          : newest(
              messages.flatMap(({ body }) => JSON.parse(body)),
              key,
            ).size;
      await waitFor(() => mailboxes.every((messages) => rows(messages) >= 100), 'everybody to have it');
      const [first] = mailboxes;
      for (const messages of mailboxes) {
        assert.deepEqual(
          messages.map(({ body }) => body),
          first.map(({ body }) => body),
        );
      }
      const done = (await metric(hub, deflated('messages'))) - before;
      assert.ok(done >= 1 && done <= first.length * WORKERS * WINDOWS.length, `${done} of ${first.length}`);
    });
  }

  it('leaves a slow reader with what is in the end', async (t) => {
    const path = '/ws/positions?topics=unrealized-pnl&batch=true';
    const quick = await NativePeer.connect(hub.ws(path), { perMessageDeflate: false });
    t.after(() => quick.close());
    // Nobody loses with MSFT yet, whatever the tests before have left behind.
    await quote(hub, { AAPL: 10, MSFT: 1000 });
    await gains(quick, ({ MSFT }) => MSFT > 0);
    // The smallest window makes the most of it.
    const slow = await NativePeer.connect(hub.ws(path), { perMessageDeflate: { serverMaxWindowBits: 9 } });
    t.after(() => slow.close());
    assert.match(slow.extensions, /^permessage-deflate/);
    slow.pause();
    let [price, full] = [10, 0];
    await waitFor(
      async () => {
        price += 0.37;
        await quote(hub, { AAPL: price.toFixed(2), MSFT: (2 * price).toFixed(2) });
        full += (await metric(hub, 'hub_outbox_bytes')) > 0 ? 1 : 0;
        return full >= 50;
      },
      'its socket to be full, and much to happen then',
      120_000,
    );
    // Everybody loses with the one, for the first time.
    await quote(hub, { AAPL: 1234.5, MSFT: 0.25 });
    slow.resume();
    const [expected, came] = [await lastGains(quick), await lastGains(slow)];
    assert.deepEqual(came, expected);
    const [many, few] = [quick.data('unrealized-pnl').length, slow.data('unrealized-pnl').length];
    assert.ok(few < many, `${few} and ${many} rows`);
    assert.deepEqual(slow.closes, []);
  });
});

/** The newest of each portfolio, once all of them lose with MSFT. */
const lastGains = (peer) => gains(peer, ({ MSFT }) => MSFT < 0);

/** The newest of each portfolio, once this is true of all of them. */
async function gains(peer, isSo) {
  const rows = new Map();
  let seen = 0;
  await waitFor(() => {
    for (const { data } of peer.messages.slice(seen))
      for (const pnl of data) rows.set(pnl.portfolio_id, pnl);
    seen = peer.messages.length;
    const found = [...rows.values()].filter(({ symbol }) => isSo(symbol)).length;
    assert.equal(found, PORTFOLIOS);
    return true;
  }, 'the gains of all');
  return new Map([...rows].sort());
}
