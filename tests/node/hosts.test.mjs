// A page may rebind its name to this machine (DNS rebinding): a hub that is bound to loopback answers to no names
// but this machine's and those that its configuration has.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { request } from './lib/site.mjs';

/** The public name, as proxies pass it on. */
const NAME = 'pms.example.com';

/** The name that nginx puts there of itself: its upstream's. */
const UPSTREAM = 'pms_hub';

const ALLOWED = { 'server.allowed_origins': `https://${NAME}` };

describe('a hub on loopback, asked for by a Host', () => {
  async function ask(t, settings, host, path = '/api/analysis/all') {
    const hub = await Hub.start({ settings });
    t.after(() => hub.stop());
    return request(hub.http(path, 'gateway'), { headers: { host } });
  }

  for (const [what, host, settings] of [
    ['of server.allowed_origins', NAME, ALLOWED],
    ['of gateway.public_url', NAME, { 'gateway.public_url': `https://${NAME}` }],
    ['of server.allowed_hosts', NAME, { 'server.allowed_hosts': `other.example,${NAME}` }],
    ['of server.allowed_hosts', UPSTREAM, { 'server.allowed_hosts': UPSTREAM }],
    ['of server.allowed_origins, with a port', `${NAME}:8443`, ALLOWED],
    ['that is this machine', 'localhost', {}],
    ['that is this machine, whatever the port', 'localhost:4200', {}],
    ['that is this machine by a name of its own', 'pms.localhost:8080', {}],
    ['that is this machine by its address', '127.0.0.1:1', {}],
    ['that is this machine by its other address', '[::1]:8080', {}],
  ]) {
    it(`${what}, answers: ${host}`, async (t) => {
      assert.equal((await ask(t, settings, host)).status, 200);
    });
  }

  for (const [host, settings] of [
    [NAME, {}],
    [UPSTREAM, ALLOWED],
    ['evil.example:8080', ALLOWED],
    [`${NAME}.evil.example`, ALLOWED],
    ['localhost.evil.example', {}],
  ]) {
    it(`that is foreign, refuses it and names the keys: ${host}`, async (t) => {
      const { status, type, body } = await ask(t, settings, host);
      assert.deepEqual([status, type], [421, 'application/problem+json']);
      for (const key of ['server.allowed_hosts', 'server.allowed_origins', 'gateway.public_url']) {
        assert.ok(body.detail.includes(key), `${key} in: ${body.detail}`);
      }
    });
  }

  it('that is foreign, lets no WebSocket in', async (t) => {
    const hub = await Hub.start();
    t.after(() => hub.stop());
    for (const path of ['/ws', '/ws/positions', '/ws/000/a/websocket']) {
      const rebound = NativePeer.connect(hub.ws(path), { headers: { host: NAME } });
      await assert.rejects(rebound, /421/, path);
    }
  });
});
