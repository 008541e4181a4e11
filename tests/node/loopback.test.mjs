// `localhost` is two addresses: whichever a client's system gives it first, the hub is there.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { networkInterfaces } from 'node:os';

import { NATIVE } from './lib/endpoints.mjs';
import { Hub, SERVICES } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { Peer } from './lib/peer.mjs';
import { positions } from './lib/rest.mjs';
import { request } from './lib/site.mjs';
import { purchase, rows, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const FRONTEND = 'http://localhost:4200';

/** Whether this machine has IPv6 at all. */
const SIX = Object.values(networkInterfaces())
  .flat()
  .some(({ address }) => address === '::1');

/** As a URL has them. */
const HOSTS = ['localhost', '127.0.0.1', ...(SIX ? ['[::1]'] : [])];

const section = (service) => service.replace('-', '');

/** What every service is bound to. */
const BINDS = ['localhost:0', ...(SIX ? ['127.0.0.1:0,[::1]:0'] : [])];

for (const bind of BINDS) {
  describe(`a hub that is bound to ${bind}`, { concurrency: true }, () => {
    let hub;
    before(async () => {
      const binds = SERVICES.map((service) => [`${section(service)}.bind`, bind]);
      hub = await Hub.start({ settings: Object.fromEntries(binds) });
      await trade(hub, purchase(randomUUID(), 'AAPL'));
    });
    after(() => hub?.stop());

    for (const host of HOSTS) {
      for (const service of SERVICES) {
        const at = () => `${host}:${hub.port(service)}`;

        it(`is reached at http://${host}, port of ${service}`, async () => {
          const headers = { origin: FRONTEND };
          const { status, ...answer } = await request(`http://${at()}/ready`, { headers });
          assert.deepEqual([status, answer.body], [200, { status: 'UP' }]);
          assert.equal(answer.headers['access-control-allow-origin'], FRONTEND);
        });

        it(`is reached at ws://${host}, port of ${service}`, async (t) => {
          const peer = await NativePeer.connect(`ws://${at()}${NATIVE[service]}`, { origin: FRONTEND });
          t.after(() => peer.close());
          await peer.pinged();
        });
      }

      for (const [url, options] of [
        [`ws://${host}`, {}],
        [`http://${host}`, { socket: { transports: 'websocket' } }],
        [`http://${host}`, { socket: { transports: 'xhr-streaming' } }],
      ]) {
        it(`speaks STOMP at ${url} ${options.socket?.transports ?? ''}`, async (t) => {
          for (const service of ['analytics', 'gateway']) {
            const peer = await Peer.connect(`${url}:${hub.port(service)}/ws`, options);
            t.after(() => peer.close());
            const messages = await peer.subscribe('/topic/position-update');
            await waitFor(() => messages.length > 0, 'the snapshot');
            const expected = await positions(hub);
            assert.deepEqual(rows(messages), expected);
          }
        });
      }

      it(`lets a page of http://${host} in, whatever its port`, async (t) => {
        const origin = `http://${host}:4200`;
        const peer = await NativePeer.connect(hub.ws('/ws/positions'), { origin });
        t.after(() => peer.close());
        await peer.pinged();
      });
    }
  });
}
