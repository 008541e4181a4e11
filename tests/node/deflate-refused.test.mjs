// What clients send as compressed and is not, or becomes too large: refused, and no more costly than any other
// message.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';

import { WebSocket } from 'ws';

import { bomb, clientFrame, deflated } from './lib/frames.mjs';
import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { metric } from './lib/rest.mjs';
import { purchase, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

/** `limits.message_bytes`. */
const MESSAGE_BYTES = 1 << 20;

/** A path of each kind of WebSocket. */
const PATHS = ['/ws/positions?topics=', '/ws', '/ws/000/raw/websocket'];

const INVALID = { code: 1007, reason: 'invalid compressed data' };

const compressed = (payload) => clientFrame('text', payload, { compressed: true });
const ping = deflated('{"type":"ping"}');
const known = randomBytes(1000).toString('base64');

describe('what only looks as if it were compressed', () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  /** A WebSocket, to which octets can be written past `ws`. */
  async function open(t, path, options) {
    let raw;
    const createConnection = (where) => (raw = connect(where));
    const socket = new WebSocket(hub.ws(path), { createConnection, ...options });
    t.after(() => socket.terminate());
    await waitFor(once(socket, 'open'), 'the WebSocket to open');
    return { socket, write: (bytes) => raw.write(bytes) };
  }

  /** How the hub closes on these frames. */
  async function closes(t, path, frames, options) {
    const { socket, write } = await open(t, path, options);
    const closed = once(socket, 'close');
    write(Buffer.concat(frames));
    const [code, reason] = await waitFor(closed, 'a close');
    return { code, reason: String(reason) };
  }

  for (const [what, frames, close] of [
    ['octets', [compressed(Buffer.alloc(100, 0xff))], INVALID],
    ['text', [compressed(Buffer.from('{"type":"ping"}'))], INVALID],
    ['what breaks off', [compressed(deflated(known).subarray(0, -100))], INVALID],
    [
      'what points back to what was never sent',
      [compressed(deflateRawSync(known, { dictionary: Buffer.from(known) }))],
      INVALID,
    ],
    [
      'what points back to another message',
      [compressed(deflated(known)), compressed(deflateRawSync(known, { dictionary: Buffer.from(known) }))],
      INVALID,
    ],
    [
      'octets behind a stream that has ended',
      [compressed(Buffer.concat([deflateRawSync('{}'), Buffer.alloc(9, 0xff)]))],
      INVALID,
    ],
    [
      'text that is none',
      [compressed(deflated(Buffer.of(0xc3, 0x28)))],
      { code: 1007, reason: 'invalid UTF-8' },
    ],
    [
      'a continuation that says so itself',
      [
        clientFrame('text', ping.subarray(0, 5), { compressed: true, last: false }),
        clientFrame('continuation', ping.subarray(5), { compressed: true }),
      ],
      { code: 1002, reason: 'reserved bit set' },
    ],
  ]) {
    it(`closes with ${close.code} on ${what}`, async (t) => {
      const before = await metric(hub, `hub_closed_total{code="${close.code}"}`);
      for (const path of PATHS) assert.deepEqual(await closes(t, path, frames), close, path);
      assert.equal(await metric(hub, `hub_closed_total{code="${close.code}"}`), before + PATHS.length);
    });
  }

  it('closes with 1002 where nothing was agreed to', async (t) => {
    for (const path of PATHS) {
      const close = await closes(t, path, [compressed(ping)], { perMessageDeflate: false });
      assert.deepEqual(close, { code: 1002, reason: 'reserved bit set' }, path);
    }
  });

  it('by hand is understood if it is right: in one stream or several, ended or not', async (t) => {
    const { socket, write } = await open(t, '/ws/positions?topics=');
    const pongs = [];
    socket.on('message', (data) => pongs.push(String(data)));
    const two = Buffer.concat([deflateRawSync('{"type":'), deflateRawSync('"ping"}')]);
    for (const payload of [ping, deflateRawSync('{"type":"ping"}'), two]) {
      write(compressed(payload));
    }
    for (let from = 0; from < ping.length; from++) {
      const kind = from === 0 ? 'text' : 'continuation';
      const last = from === ping.length - 1;
      write(clientFrame(kind, ping.subarray(from, from + 1), { compressed: from === 0, last }));
    }
    await waitFor(() => pongs.length >= 4, 'four pongs');
    assert.deepEqual(pongs, Array(4).fill('{"type":"pong"}'));
  });

  it('closes with 1009 what becomes too large, at no cost to others nor of memory', async (t) => {
    const bystander = await NativePeer.connect(hub.ws('/ws/positions'));
    t.after(() => bystander.close());
    const TOO_BIG = { code: 1009, reason: `message too big: limits.message_bytes = ${MESSAGE_BYTES}` };
    const exact = JSON.stringify({ type: 'x'.repeat(MESSAGE_BYTES - '{"type":""}'.length) });
    const { socket, write } = await open(t, '/ws/positions?topics=');
    const answered = once(socket, 'message');
    write(compressed(deflated(exact)));
    const [answer] = await waitFor(answered, 'an answer to the largest message');
    assert.equal(JSON.parse(answer).type, 'error');
    assert.deepEqual(await closes(t, PATHS[0], [compressed(deflated(`${exact} `))]), TOO_BIG);

    const [small, large] = [compressed(bomb(8)), compressed(bomb(900))];
    assert.ok(small.length < 10_000 && large.length < MESSAGE_BYTES, `${small.length}, ${large.length}`);
    for (const path of PATHS) assert.deepEqual(await closes(t, path, [small]), TOO_BIG, path);
    const before = await hub.peakBytes();
    const all = await Promise.all(Array.from({ length: 20 }, () => closes(t, PATHS[1], [large])));
    for (const close of all) assert.deepEqual(close, TOO_BIG);
    const grown = (await hub.peakBytes()) - before;
    assert.ok(grown < 64 * MESSAGE_BYTES, `${grown} bytes more for 20 times 900 MiB`);

    const id = randomUUID();
    await trade(hub, purchase(id, 'BYSTANDER'));
    const ids = () => bystander.data('position-update').map((row) => row.id.portfolioId);
    await waitFor(() => ids().includes(id), 'what the bystander watches');
    assert.deepEqual(await bystander.pinged(), []);
  });
});
