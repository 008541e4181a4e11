// Relay destinations carry what `/api/publish` puts in as it is; computed topics are closed to it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Versions } from '@stomp/stompjs';

import { Hub } from './lib/hub.mjs';
import { Peer } from './lib/peer.mjs';
import { publish } from './lib/rest.mjs';
import { waitFor } from './lib/wait.mjs';

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };
const BINARY = { 'content-type': 'application/octet-stream' };

/** Every octet, NUL and those that are no UTF-8 included. */
const OCTETS = Uint8Array.from({ length: 512 }, (_, index) => index % 256);

describe('a relay destination', () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  /** Subscribes as `t`'s own peer. */
  async function subscribe(t, destination, options) {
    const peer = await Peer.connect(hub.ws(), options);
    t.after(() => peer.close());
    return peer.subscribe(destination);
  }

  async function publishOk(destination, body, headers) {
    const answer = await publish(hub, destination, body, headers);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  async function first(messages) {
    return waitFor(() => messages[0], 'the message on the relay destination');
  }

  for (const version of [Versions.V1_0, Versions.V1_1, Versions.V1_2]) {
    it(`carries text to a STOMP ${version} subscriber byte for byte`, async (t) => {
      const body = 'Grüße, 世界 🌍\r\n\tcolon: "quoted" \\ backslash \u0000 NUL \u2028 end\n';
      const destination = `/topic/relay/text-${version}`;
      const messages = await subscribe(t, destination, { stompVersions: new Versions([version]) });
      await publishOk(destination, body, TEXT);
      const message = await first(messages);
      assert.equal(message.body, body);
      assert.deepEqual(Buffer.from(message.binaryBody), Buffer.from(body));
    });
  }

  it('carries octets that are no text byte for byte', async (t) => {
    const messages = await subscribe(t, '/topic/relay/binary');
    await publishOk('/topic/relay/binary', OCTETS, BINARY);
    const message = await first(messages);
    assert.ok(message.isBinaryBody);
    assert.deepEqual(Buffer.from(message.binaryBody), Buffer.from(OCTETS));
    assert.equal(message.headers['content-length'], String(OCTETS.length));
  });

  it('carries an empty body', async (t) => {
    const messages = await subscribe(t, '/topic/relay/empty');
    await publishOk('/topic/relay/empty', '', TEXT);
    assert.equal((await first(messages)).binaryBody.length, 0);
  });

  it('passes content type and custom headers on, beside its own', async (t) => {
    const messages = await subscribe(t, '/topic/relay/x');
    const { destination, messageId } = await publishOk('/topic/relay/x', '{}', {
      'content-type': 'application/vnd.pms+json; v=1',
      'stomp-priority': '9',
      'stomp-link': 'https://example.org:8443/a?b=c:d',
      'stomp-share': String.raw`\\server\public`,
      'x-not-for-stomp': 'stays behind',
    });
    const { subscription, ...headers } = (await first(messages)).headers;
    assert.ok(subscription);
    assert.deepEqual(headers, {
      destination,
      'message-id': messageId,
      'content-type': 'application/vnd.pms+json; v=1',
      'content-length': '2',
      priority: '9',
      link: 'https://example.org:8443/a?b=c:d',
      share: String.raw`\\server\public`,
    });
    assert.equal(destination, '/topic/relay/x');
  });

  it('reaches every subscriber in the order of publishing, and nobody else', async (t) => {
    const mailboxes = await Promise.all(Array.from({ length: 20 }, () => subscribe(t, '/topic/relay/order')));
    const elsewhere = await subscribe(t, '/topic/relay/elsewhere');
    const numbers = Array.from({ length: 200 }, (_, index) => String(index));
    for (const number of numbers) await publishOk('/topic/relay/order', number, TEXT);
    await publishOk('/topic/relay/elsewhere', 'last', TEXT);
    await first(elsewhere);
    for (const messages of mailboxes) {
      await waitFor(() => messages.length >= numbers.length, 'all messages');
      assert.deepEqual(
        messages.map(({ body }) => body),
        numbers,
      );
    }
    assert.deepEqual(
      elsewhere.map(({ body }) => body),
      ['last'],
    );
  });

  it('keeps nothing for those who come later', async (t) => {
    await publishOk('/topic/relay/later', 'early', TEXT);
    const messages = await subscribe(t, '/topic/relay/later');
    await publishOk('/topic/relay/later', 'in time', TEXT);
    assert.equal((await first(messages)).body, 'in time');
  });

  it('lets nobody set headers that are its own', async () => {
    for (const name of ['subscription', 'message-id', 'destination', 'content-length']) {
      const { status, type } = await publish(hub, '/topic/relay/x', '', { [`stomp-${name}`]: '1' });
      assert.deepEqual([name, status, type], [name, 400, 'application/problem+json']);
    }
  });
});

describe('publishing', () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  it('to a computed topic is forbidden, and reaches nobody', async (t) => {
    const id = '00000000-0000-4000-8000-000000000001';
    const computed = ['/topic/position-update', '/topic/unrealized-pnl', '/topic/unrealised-pnl'];
    const peer = await Peer.connect(hub.ws());
    t.after(() => peer.close());
    const fence = await peer.subscribe('/topic/relay/fence');
    const mailboxes = await Promise.all(computed.map((destination) => peer.subscribe(destination)));
    for (const destination of computed.flatMap((name) => [name, `${name}/${id}`])) {
      const { status, type, body } = await publish(hub, destination, 'forged');
      assert.deepEqual([destination, status, type], [destination, 403, 'application/problem+json']);
      assert.equal(body.status, 403);
    }
    await publish(hub, '/topic/relay/fence', '');
    await waitFor(() => fence.length > 0, 'the message on the fence');
    const forged = mailboxes.flat().filter(({ body }) => body.includes('forged'));
    assert.deepEqual(forged, []);
  });

  it('to a destination that nobody serves is not found', async () => {
    for (const destination of ['/topic/nothing', '/topic/relay', '/elsewhere/relay/x']) {
      const { status, type } = await publish(hub, destination, '');
      assert.deepEqual([destination, status, type], [destination, 404, 'application/problem+json']);
    }
  });
});
