// Commands to native sockets as MessagePack, and what is answered where there is none in it.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { ExtData, encode } from '@msgpack/msgpack';

import { SERVICE as AUTOTRADER, createSession, openTrade } from './lib/autotrader.mjs';
import { Hub } from './lib/hub.mjs';
import { portfolio, score, scores } from './lib/leaderboard.mjs';
import { NativePeer } from './lib/native.mjs';
import { purchase, quote, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const POSITIONS = 'position-update';
const PNL = 'unrealized-pnl';

/** `[service, path]` of every native socket at the port of its service. */
const PATHS = [
  ['analytics', '/ws/positions?topics='],
  ...['updates', 'top', `around?portfolioId=${portfolio('a')}`].flatMap((path) =>
    ['/ws', '/ws/leaderboard'].map((prefix) => ['leaderboard', `${prefix}/${path}`]),
  ),
  ...['alerts', 'metrics', 'pipeline', 'telemetry', 'dlq'].flatMap((path) =>
    ['/ws', '/ws/rttm'].map((prefix) => ['rttm', `${prefix}/${path}`]),
  ),
  [AUTOTRADER, '/ws/auto-trader'],
];

/** `[what, octets, what the error says]` of what is no command. */
const NO_COMMANDS = [
  ['nothing', [], /not MessagePack/],
  ['an octet that begins no value', [0xc1], /not MessagePack/],
  ['octets', [0xc1, 0xff, 0x00, 0x93], /not MessagePack/],
  ['a value that breaks off', encode({ type: 'ping' }).slice(0, -1), /not MessagePack/],
  ['a head that breaks off', [0xdf, 0x00, 0x00], /not MessagePack/],
  ['a command with something behind it', [...encode({ type: 'ping' }), 0xc0], /not MessagePack/],
  ['two commands', [...encode({ type: 'ping' }), ...encode({ type: 'ping' })], /not MessagePack/],
  ['a map that claims to be huge', [0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 0x61], /not MessagePack/],
  ['an array that claims to be huge', [0xdd, 0xff, 0xff, 0xff, 0xff, 0x01], /not MessagePack/],
  ['text that claims to be huge', [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61], /not MessagePack/],
  ['text that is none', [0x81, 0xa4, ...Buffer.from('type'), 0xa2, 0xc3, 0x28], /^Invalid message format/],
  ['what is nested very deep', [...Array(100_000).fill(0x91), 0xc0], /not MessagePack/],
  [
    'a map that is nested very deep',
    [...Array(50_000).fill([0x81, 0xa1, 0x61]).flat(), 0xc0],
    /not MessagePack/,
  ],
  ['a key that is no text', [0x81, 0x92, 0x01, 0x02, 0x03], /not MessagePack/],
  ['an extension', encode({ type: new ExtData(7, Uint8Array.of(1, 2)) }), /^Invalid message format/],
  ['an array', encode(['ping']), /a command is a JSON object/],
  ['text', encode('ping'), /a command is a JSON object/],
  ['text of a JSON command', encode('{"type":"ping"}'), /a command is a JSON object/],
  ['a number', encode(42), /a command is a JSON object/],
  ['a fraction', encode(-0.5), /a command is a JSON object/],
  ['true', encode(true), /a command is a JSON object/],
  ['nil', encode(null), /a command is a JSON object/],
  ['octets as a value', encode(Uint8Array.of(0x7b, 0x7d)), /not MessagePack: binary data/],
  ['an empty map', encode({}), /type/],
  ['a type that is a number', encode({ type: 5 }), /^Invalid message format/],
  ['a type that is nil', encode({ type: null }), /^Invalid message format/],
  [
    'a type that comes twice',
    [
      0x82,
      ...Array(2)
        .fill([...encode('type'), ...encode('ping')])
        .flat(),
    ],
    /type/,
  ],
  ['a type that does not exist', encode({ type: 'wish' }), /wish/],
];

describe('a socket that speaks MessagePack', { concurrency: true }, () => {
  let hub;
  before(async () => {
    hub = await Hub.start();
    await score(hub, 'a30 b20 c10');
  });
  after(() => hub?.stop());

  /** `t`'s own. */
  async function connect(t, path = '/ws/positions?topics=', service = 'analytics', options = {}) {
    const peer = await NativePeer.connect(hub.ws(path, service), { packed: true, ...options });
    t.after(() => peer.close());
    return peer;
  }

  /** A portfolio with 4 of `symbol` at 10.25. */
  async function bought(symbol) {
    const id = randomUUID();
    await trade(hub, purchase(id, symbol, { quantity: 4, price: 10.25 }));
    await quote(hub, { [symbol]: 11.5 });
    return id;
  }

  /** What came, but for what a path sends by itself. */
  const answers = (peer) => peer.messages.filter(({ type }) => ['pong', 'error'].includes(type));

  for (const [service, path] of PATHS) {
    it(`answers at ${path} in MessagePack, whatever the command is written in`, async (t) => {
      for (const at of [service, 'gateway']) {
        const peer = await connect(t, path, at);
        peer.send({ type: 'auth', token: 'whatever' });
        peer.send(Uint8Array.of(0xc1));
        peer.send({ type: 'wish' });
        peer.send('{"type":"wish"}');
        peer.send('{"type":"ping"}');
        peer.send({ type: 'ping' });
        await waitFor(() => answers(peer).length >= 5, 'five answers');
        const [octets, wish, same, ...pongs] = answers(peer);
        assert.match(octets.message, /^Invalid message format: not MessagePack/);
        assert.match(wish.message, /wish/);
        assert.deepEqual(wish, { type: 'error', message: wish.message });
        assert.deepEqual([same, ...pongs], [wish, { type: 'pong' }, { type: 'pong' }]);
        assert.deepEqual(peer.closes, []);
      }
    });

    it(`does not at ${path} when it has not asked for it: that is answered in JSON`, async (t) => {
      for (const at of [service, 'gateway']) {
        const peer = await connect(t, path, at, { packed: false });
        peer.send(encode({ type: 'ping' }));
        peer.send({ type: 'ping' });
        await waitFor(() => answers(peer).length >= 2, 'both answers');
        const message = 'Invalid message format: commands are text messages';
        assert.deepEqual(answers(peer), [{ type: 'error', message }, { type: 'pong' }]);
      }
    });
  }

  for (const [what, octets, says] of NO_COMMANDS) {
    it(`is told what is wrong with ${what}, and stays`, async (t) => {
      const peer = await connect(t);
      peer.send(Uint8Array.from(octets));
      const [error, ...rest] = await peer.pinged(0);
      assert.deepEqual([error, ...rest], [{ type: 'error', message: error?.message }]);
      assert.match(error.message, says);
    });
  }

  it('is told what is wrong with JSON text as any other', async (t) => {
    const peer = await connect(t);
    for (const text of ['nonsense', '["ping"]', '{"type":"ping"', '']) peer.send(text);
    const came = await peer.pinged(0);
    assert.deepEqual(
      came.map(({ type }) => type),
      Array(4).fill('error'),
    );
    for (const { message } of came) assert.match(message, /^Invalid message format/);
  });

  for (const [how, write] of [
    ['MessagePack', (command) => command],
    ['JSON', (command) => JSON.stringify(command)],
  ]) {
    it(`subscribes and unsubscribes by ${how}, with all options`, async (t) => {
      const id = await bought(`WISH-${how}`);
      const peer = await connect(t);
      const say = (command) => peer.send(write(command));
      say({
        type: 'subscribe',
        topic: POSITIONS,
        portfolioIds: [id.toUpperCase()],
        interval: 300,
        batch: true,
      });
      await waitFor(() => peer.data(POSITIONS).length > 0, 'the snapshot');
      assert.deepEqual(peer.messages[0], { type: 'subscribed', topic: POSITIONS });
      const { holdings, totalInvested } = peer.data(POSITIONS)[0];
      assert.deepEqual([holdings, totalInvested], [4, 41]);

      say({ type: 'unsubscribe', topic: POSITIONS });
      await waitFor(() => peer.of('unsubscribed').length > 0, 'an answer');
      const { resume } = peer.of(POSITIONS).at(-1);
      say({ type: 'subscribe', topic: PNL, portfolioIds: [id], snapshot: true, resume: null, interval: 0 });
      await waitFor(() => peer.data(PNL).length > 0, 'the other snapshot');
      assert.equal(peer.data(PNL)[0].overallUnrealised_Pnl, 5);

      await trade(hub, purchase(id, `WISH-${how}`));
      await waitFor(() => peer.data(PNL).at(-1).overallUnrealised_Pnl === 6.5, 'a change');
      assert.equal(peer.data(POSITIONS).length, 1);
      say({ type: 'subscribe', topic: POSITIONS, portfolioIds: [id], resume });
      await waitFor(() => peer.data(POSITIONS).length > 1, 'what has changed since');
      assert.equal(peer.data(POSITIONS)[1].holdings, 5);
      assert.deepEqual(peer.of('error'), []);
    });

    it(`is told what is wrong with options, by ${how}`, async (t) => {
      const peer = await connect(t);
      for (const [option, value] of [
        ['interval', -1],
        ['interval', 'soon'],
        ['portfolioIds', ['x']],
        ['portfolioIds', 7],
        ['resume', 'yesterday'],
        ['batch', 'perhaps'],
        ['topic', 'wishes'],
      ]) {
        const seen = peer.messages.length;
        peer.send(write({ type: 'subscribe', topic: POSITIONS, [option]: value }));
        const came = await peer.pinged(seen);
        const errors = came.filter(({ type }) => type === 'error');
        assert.equal(errors.length, 1, `${option} ${value}: ${JSON.stringify(came)}`);
        assert.deepEqual(peer.data(POSITIONS), []);
      }
    });

    it(`chooses of the ranking by ${how}`, async (t) => {
      const peer = await connect(t, '/ws/top?n=3', 'leaderboard');
      await waitFor(() => peer.messages.length > 0, 'the top three');
      assert.equal(scores(peer.messages[0].data), 'a30 b20 c10');
      peer.send(write({ type: 'subscribe', n: 1 }));
      await waitFor(() => peer.messages.length > 1, 'the first');
      assert.equal(scores(peer.messages[1].data), 'a30');
      assert.deepEqual(peer.of('error'), []);
    });

    it(`follows a trading session and prices by ${how}`, async (t) => {
      const session = await createSession(hub);
      const { sessionId } = session;
      const symbol = `AT-${how}`;
      await quote(hub, { [symbol]: 195.25 });
      const peer = await connect(t, '/ws/auto-trader', AUTOTRADER);
      peer.send(write({ type: 'subscribe_session', sessionId }));
      await waitFor(() => peer.of('session_update').length > 0, 'the session');
      const { timestamp, ...opened } = peer.of('session_update')[0].data;
      assert.deepEqual(
        [opened.sessionId, opened.currentCapital, opened.status],
        [sessionId, 50_000, 'ACTIVE'],
      );
      await openTrade(hub, session, { symbol, quantity: 2 });
      await waitFor(() => peer.of('trade_opened').length > 0, 'the trade');
      assert.equal(peer.of('trade_opened')[0].data.entryPrice, 195.25);
      peer.send(write({ type: 'subscribe_prices', symbols: [symbol], priceInterval: 100 }));
      await waitFor(() => peer.of('price_update').length > 0, 'the price');
      assert.equal(peer.of('price_update')[0].data.price, 195.25);
      assert.deepEqual(peer.of('error'), []);
    });
  }

  it('may write a number as any that MessagePack has', async (t) => {
    const session = await createSession(hub);
    const n = session.sessionId;
    assert.ok(n < 128, 'what one octet holds');
    const numbers = {
      'uint 8': [0xcc, n],
      'uint 16': [0xcd, 0, n],
      'uint 32': [0xce, 0, 0, 0, n],
      'uint 64': [0xcf, 0, 0, 0, 0, 0, 0, 0, n],
      'int 8': [0xd0, n],
      'int 16': [0xd1, 0, n],
      'int 32': [0xd2, 0, 0, 0, n],
      'int 64': [0xd3, 0, 0, 0, 0, 0, 0, 0, n],
    };
    const peer = await connect(t, '/ws/auto-trader', AUTOTRADER);
    for (const [format, octets] of Object.entries(numbers)) {
      const seen = peer.messages.length;
      const head = [...encode('type'), ...encode('subscribe_session'), ...encode('sessionId')];
      peer.send(Uint8Array.of(0x82, ...head, ...octets));
      await waitFor(() => peer.messages.length > seen, `an answer to ${format}`);
      assert.deepEqual(peer.of('error'), [], format);
      assert.equal(peer.messages[seen].data.sessionId, n, format);
    }
  });
});
