// The base under which the deployed front end, which names no options, gets what it can keep up with.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { Peer } from './lib/peer.mjs';
import { positions } from './lib/rest.mjs';
import { key, newest, purchase, quote, rows, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const POSITIONS = '/topic/position-update';
const PNL = '/topic/unrealized-pnl';

const INTERVAL_MS = 500;

/** How many drains without an interval are enough to tell that they are more. */
const DRAINS = 15;

describe('a subscription under /pms that names no options', { concurrency: true }, () => {
  let hub;
  before(async () => {
    hub = await Hub.start({ settings: { 'analytics.pms_interval_ms': String(INTERVAL_MS) } });
  });
  after(() => hub?.stop());

  for (const [how, url, options] of [
    ['SockJS', () => hub.base('/pms/ws')],
    ['SockJS, xhr-streaming', () => hub.base('/pms/ws'), { socket: { transports: ['xhr-streaming'] } }],
    ['SockJS, at the gateway', () => hub.base('/pms/ws', 'gateway')],
    ['a plain WebSocket', () => hub.ws('/pms/ws')],
    ['SockJS as a plain WebSocket', () => hub.ws('/pms/ws/websocket')],
  ]) {
    it(`over ${how} is paced, of arrays, and one that names them is not`, async (t) => {
      const id = randomUUID();
      const symbol = id.slice(0, 8);
      await trade(hub, purchase(id, symbol, { price: 1000 }));
      const peer = await Peer.connect(url(), options);
      t.after(() => peer.close());
      const since = performance.now();
      const paced = await peer.subscribe(PNL);
      const free = await peer.subscribe(PNL, { interval: '0', batch: 'false' });
      const held = await peer.subscribe(POSITIONS);
      let price = 1000;
      await waitFor(async () => {
        await Promise.all([quote(hub, { [symbol]: ++price }), trade(hub, purchase(id, symbol))]);
        return free.filter(isOf(id)).length >= DRAINS && drains(paced) >= 3 && drains(held) >= 3;
      }, `${DRAINS} drains without an interval, and 3 with one`);
      const most = Math.floor((performance.now() - since) / INTERVAL_MS) + 1;
      for (const messages of [paced, held]) {
        assert.ok(drains(messages) <= most, `${drains(messages)} drains, of ${most} at most`);
        for (const { body } of messages) assert.ok(Array.isArray(JSON.parse(body)), body);
      }
      assert.ok(drains(free) > most, `${drains(free)} drains`);
      for (const { body } of free) assert.ok(!Array.isArray(JSON.parse(body)), body);
      const last = (messages) => newest(rows(messages), ({ portfolio_id: of }) => of).get(id);
      await waitFor(() => {
        assert.deepEqual(last(paced), last(free));
        assert.equal(last(paced).symbol[symbol] > 0, true);
        return true;
      }, 'the newest value on both');
      const listed = newest(await positions(hub), key).get(`${id} ${symbol}`);
      await waitFor(() => {
        assert.deepEqual(newest(rows(held), key).get(`${id} ${symbol}`), listed);
        return true;
      }, 'the position as REST has it');
    });
  }

  it('to a relay destination is none that named any', async (t) => {
    const peer = await Peer.connect(hub.base('/pms/ws'));
    t.after(() => peer.close());
    await peer.subscribe('/topic/relay/x');
    assert.deepEqual(peer.errors, []);
  });
});

/** How often a subscription was told that nothing is owed to it. */
function drains(messages) {
  return messages.filter(({ headers }) => headers.resume).length;
}

function isOf(id) {
  return ({ body }) => JSON.parse(body).portfolio_id === id;
}
