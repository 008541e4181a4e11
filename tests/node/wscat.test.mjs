// wscat, which the frontend's guide names for looking at sockets by hand: what somebody at a terminal sees.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { NATIVE, fill, firstMessages, sockets, timeless } from './lib/endpoints.mjs';
import { Hub, SERVICES } from './lib/hub.mjs';
import { assertSystemMetrics } from './lib/rttm.mjs';
import { waitFor } from './lib/wait.mjs';
import { Wscat } from './lib/wscat.mjs';

/** As the guide writes it: `wscat -c ws://localhost:8086`. */
const url = (hub, service, path = '') => `ws://localhost:${hub.port(service)}${path}`;

/** Each is a process of its own. */
const AT_ONCE = { concurrency: 4 };

describe('wscat', () => {
  let hub;
  let ids;
  before(async () => {
    hub = await Hub.start({ settings: { 'limits.message_bytes': '10000', 'limits.handshake_ms': '1500' } });
    ids = await fill(hub);
  });
  after(() => hub?.stop());

  async function connect(t, service, path, ...options) {
    const wscat = await Wscat.connect(url(hub, service, path), ...options);
    t.after(() => wscat.quit());
    return wscat;
  }

  it('shows what every native socket sends', async (t) => {
    const all = sockets(ids);
    const shown = async ([service, path, count, commands = []]) => {
      const wscat = await connect(t, service, path);
      for (const command of commands) wscat.type(JSON.stringify(command));
      const messages = (await wscat.received(count)).slice(0, count);
      await wscat.quit();
      return [path, timeless(messages)];
    };
    const expected = all.map(async (socket) => [socket[1], timeless(await firstMessages(hub, socket))]);
    assert.deepEqual(await inTurns(all, shown), await Promise.all(expected));
  });

  it("shows the machine's metrics", async (t) => {
    const [metrics] = await (await connect(t, 'rttm', '/ws/metrics')).received(1);
    assertSystemMetrics(metrics);
  });

  describe('at the port of', AT_ONCE, () => {
    for (const service of SERVICES) {
      it(`${service}: takes commands, answers wrong ones in words, and stays`, async (t) => {
        const wscat = await connect(t, service, NATIVE[service]);
        const said = (type) => wscat.messages.filter((message) => message.type === type);
        const typed = ['nonsense', '{"type":"wish"}', '{"type":"ping"}', '{"type":"ping"}'];
        typed.forEach((line) => wscat.type(line));
        await waitFor(() => said('pong').length === 2, 'both pongs');
        const errors = said('error').map(({ message }) => message);
        assert.equal(errors.length, 2);
        assert.match(errors[0], /JSON/);
        assert.match(errors[1], /wish/);
        assert.equal(wscat.close, undefined);
      });

      it(`${service}: says that a foreign origin is not allowed`, async () => {
        for (const option of [
          ['-H', 'Origin:http://evil.example'],
          ['-o', 'http://evil.example'],
        ]) {
          const wscat = Wscat.run(url(hub, service, NATIVE[service]), ...option);
          await wscat.ended();
          assert.equal(wscat.close.code, 1008, wscat.printed.join('\n'));
          assert.match(wscat.close.reason, /origin/i);
          assert.deepEqual(wscat.incoming, []);
        }
      });

      it(`${service}: lets a page of this machine in, by its header`, async (t) => {
        const wscat = await connect(t, service, NATIVE[service], '-H', 'Origin: http://localhost:4200');
        wscat.type('{"type":"ping"}');
        await waitFor(() => wscat.messages.some(({ type }) => type === 'pong'), 'a pong');
      });
    }
  });

  describe('is told', AT_ONCE, () => {
    for (const service of SERVICES) {
      it(`404 for a path that the port of ${service} has not`, async () => {
        const wscat = Wscat.run(url(hub, service, '/ws/nothing'));
        await wscat.ended();
        assert.deepEqual(wscat.errors, ['error: Unexpected server response: 404']);
        assert.notEqual(wscat.exitCode, 0);
      });
    }

    it('4002 by ws://localhost:8086 itself, where it says no CONNECT', async () => {
      const wscat = await Wscat.connect(url(hub, 'analytics'));
      await wscat.ended();
      assert.equal(wscat.close.code, 4002);
      assert.match(wscat.close.reason, /CONNECT/);
    });

    it('1009 for a line over limits.message_bytes', async (t) => {
      const wscat = await connect(t, 'analytics', '/ws/positions');
      wscat.type('x'.repeat(10_001));
      await wscat.ended();
      assert.equal(wscat.close.code, 1009);
    });

    it('1001 when the hub ends', async (t) => {
      const own = await Hub.start();
      t.after(() => own.stop());
      const all = SERVICES.map((service) => Wscat.connect(url(own, service, NATIVE[service])));
      const open = await Promise.all(all);
      own.signalTerminate();
      for (const wscat of open) {
        await wscat.ended();
        assert.deepEqual(wscat.close, { code: 1001, reason: 'Going away' });
      }
    });
  });

  describe('with', AT_ONCE, () => {
    it('--subprotocol hub.msgpack gets no JSON, and may type JSON still', async (t) => {
      const wscat = await connect(t, 'analytics', '/ws/positions?topics=', '--subprotocol', 'hub.msgpack');
      wscat.type('{"type":"ping"}');
      const packed = await waitFor(() => wscat.incoming[0], 'an answer');
      assert.match(packed, /type.*pong$/);
      assert.throws(() => JSON.parse(packed));
    });

    it('--subprotocol v12.stomp agrees on it, and of several on one', async (t) => {
      await connect(t, 'analytics', '/ws', '--subprotocol', 'v12.stomp');
      await connect(t, 'analytics', '/ws', '-s', 'none', '-s', 'v11.stomp');
    });

    it('--subprotocol that the hub has not is told so', async () => {
      const wscat = Wscat.run(url(hub, 'rttm', '/ws/alerts'), '--subprotocol', 'nonsense');
      await wscat.ended();
      assert.deepEqual(wscat.errors, ['error: Server sent no subprotocol']);
    });

    it('--slash and -P pings and closes', async (t) => {
      const wscat = await connect(t, 'leaderboard', '/ws/updates', '--slash', '-P');
      wscat.type('/ping hello');
      await waitFor(() => wscat.incoming.includes('Received pong (data: "hello")'), 'the pong');
      wscat.type('/close 1000');
      await wscat.ended();
      assert.deepEqual(wscat.close, { code: 1000, reason: '' });
    });

    it('--execute says what it was told to, shows the answers and leaves', async () => {
      const ping = ['--execute', '{"type":"ping"}', '--wait', '0.5'];
      const wscat = Wscat.run(url(hub, 'analytics', '/ws/positions?topics='), ...ping);
      await wscat.ended();
      assert.deepEqual(wscat.printed, ['{"type":"pong"}']);
      assert.equal(wscat.exitCode, 0);
    });
  });
});

/** What `act` makes of each, of a few at a time, in their order. */
async function inTurns(items, act) {
  const results = [];
  const rest = items.entries();
  const turn = async () => {
    for (const [index, item] of rest) results[index] = await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE.concurrency }, turn));
  return results;
}
