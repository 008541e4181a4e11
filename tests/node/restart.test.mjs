// kill -9 and restart: every endpoint of every service shows what it showed.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { calls, fill, firstMessages, sockets, timeless } from './lib/endpoints.mjs';
import { Hub, SERVICES } from './lib/hub.mjs';
import { get } from './lib/rest.mjs';

/** Every endpoint's answer or first messages, by service and path, without times of the moment. */
async function everything(hub, ids) {
  const shown = new Map();
  for (const [service, path] of calls(ids)) shown.set(`${service} ${path}`, await get(hub, path, service));
  for (const socket of sockets(ids))
    shown.set(socket.slice(0, 2).join(' '), await firstMessages(hub, socket));
  return new Map([...shown].map(([name, value]) => [name, timeless(value)]));
}

describe('kill -9 and a restart', () => {
  let hub;
  let ids;
  let shown;
  let ports;
  before(async () => {
    hub = await Hub.start();
    ids = await fill(hub);
    shown = await everything(hub, ids);
    ports = SERVICES.map((service) => hub.port(service));
  });
  after(() => hub?.stop());

  for (const time of ['first', 'second']) {
    it(`leave every endpoint as it was, the ${time} time`, async () => {
      await hub.kill9();
      await hub.restart();
      const again = await everything(hub, ids);
      for (const [name, before] of shown) assert.deepEqual(again.get(name), before, name);
      assert.deepEqual(
        SERVICES.map((service) => hub.port(service)),
        ports,
      );
    });
  }

  it('leave it so after a clean end, too', async () => {
    hub.signalTerminate();
    await hub.exitedCleanly();
    await hub.restart();
    const again = await everything(hub, ids);
    for (const [name, before] of shown) assert.deepEqual(again.get(name), before, name);
  });
});
