// SEND by clients, where the configuration lets them, in every way stompjs can cut a frame.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { Peer, closed } from './lib/peer.mjs';
import { waitFor } from './lib/wait.mjs';

/** Far more than a WebSocket message of stompjs's 8 KiB, in characters of one, two and three octets. */
const LARGE = 'Kurs: 195,30 € für 50 Stück\n'.repeat(7000);

const OCTETS = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256);

describe('with relay.client_send, a SEND', () => {
  let hub;
  before(async () => (hub = await Hub.start({ settings: { 'relay.client_send': 'true' } })));
  after(() => hub?.stop());

  /** What a subscriber gets of a message that `options` send. */
  async function relayed(t, message, options) {
    const [sender, receiver] = await Promise.all([Peer.connect(hub.ws(), options), Peer.connect(hub.ws())]);
    t.after(() => Promise.all([sender.close(), receiver.close()]));
    const messages = await receiver.subscribe('/topic/relay/chat');
    await sender.send('/topic/relay/chat', message);
    await waitFor(() => {
      assert.deepEqual(receiver.closes, []);
      return messages.length > 0;
    }, 'the message that was sent');
    assert.equal(messages.length, 1);
    return messages[0];
  }

  it('reaches subscribers with its custom headers', async (t) => {
    const headers = {
      priority: '9',
      link: 'https://example.org:8443/\nsecond line',
      'content-type': 'text/plain',
    };
    const message = await relayed(t, { body: 'hello', headers });
    assert.equal(message.body, 'hello');
    const { priority, link, 'content-type': type, receipt } = message.headers;
    assert.deepEqual({ priority, link, 'content-type': type }, headers);
    assert.equal(receipt, undefined, "the sender's receipt is nobody else's business");
  });

  it('of octets arrives byte for byte', async (t) => {
    const message = await relayed(t, { binaryBody: OCTETS });
    assert.deepEqual(Buffer.from(message.binaryBody), Buffer.from(OCTETS));
  });

  it('split into many WebSocket messages arrives whole', async (t) => {
    const message = await relayed(t, { body: LARGE }, { splitLargeFrames: true });
    assert.equal(message.body, LARGE);
  });

  it('split into single characters arrives whole', async (t) => {
    const options = { splitLargeFrames: true, maxWebSocketChunkSize: 1 };
    const message = await relayed(t, { body: 'für 50 €' }, options);
    assert.equal(message.body, 'für 50 €');
  });

  it('in binary WebSocket messages arrives whole', async (t) => {
    const message = await relayed(t, { body: LARGE }, { forceBinaryWSFrames: true });
    assert.equal(message.body, LARGE);
  });

  it('without a content-length arrives whole', async (t) => {
    const message = await relayed(t, { body: LARGE, skipContentLengthHeader: true });
    assert.equal(message.body, LARGE);
  });

  it('over permessage-deflate, if the hub agrees to it, arrives whole', async (t) => {
    const message = await relayed(t, { body: LARGE }, { socket: { perMessageDeflate: { threshold: 0 } } });
    assert.equal(message.body, LARGE);
  });

  it('as large as limits.message_bytes allows arrives whole', async (t) => {
    const octets = new Uint8Array((1 << 20) - 1000).fill(120);
    const message = await relayed(t, { binaryBody: octets });
    assert.deepEqual(Buffer.from(message.binaryBody), Buffer.from(octets));
  });

  it('larger than that is refused', async () => {
    const sender = await Peer.connect(hub.ws());
    sender.client.publish({ destination: '/topic/relay/chat', binaryBody: new Uint8Array((1 << 20) + 1) });
    const [close] = await closed([sender]);
    assert.equal(close.code, 1009);
  });

  it('split, and larger than that, is refused by an ERROR', async () => {
    const sender = await Peer.connect(hub.ws(), { splitLargeFrames: true });
    sender.client.publish({ destination: '/topic/relay/chat', body: 'x'.repeat((1 << 20) + 1) });
    const [close] = await closed([sender]);
    assert.equal(sender.errors.length, 1, `an ERROR, but: ${JSON.stringify(close)}`);
    assert.equal(close.code, 4500);
  });
});
