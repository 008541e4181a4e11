// `/ws/positions`: the analytics topics as JSON on a plain WebSocket, for those without STOMP.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { NativePeer, notAllowed } from './lib/native.mjs';
import { metric, positions } from './lib/rest.mjs';
import { assertPosition, assertUnrealised } from './lib/shapes.mjs';
import { key, newest, purchase, quote, sale, trade } from './lib/trades.mjs';
import { numbers } from './lib/v1.mjs';
import { waitFor } from './lib/wait.mjs';

const PATH = '/ws/positions';
const POSITIONS = 'position-update';
const PNL = 'unrealized-pnl';
const RESUME = /^[0-9a-f]{16}-\d+$/;

describe('/ws/positions', { concurrency: true }, () => {
  let hub;
  before(async () => (hub = await Hub.start()));
  after(() => hub?.stop());

  /** `t`'s own, with these query parameters. */
  async function connect(t, query = {}) {
    const peer = await NativePeer.connect(hub.ws(`${PATH}?${new URLSearchParams(query)}`));
    t.after(() => peer.close());
    return peer;
  }

  /** A portfolio with 4 of `symbol` at 10, now worth 11.5 each. */
  async function portfolio(symbol) {
    const id = randomUUID();
    await trade(hub, purchase(id, symbol, { quantity: 4 }));
    await quote(hub, { [symbol]: 11.5 });
    return id;
  }

  it('sends the state of both topics, then what changes', async (t) => {
    const id = await portfolio('BOTH');
    const peer = await NativePeer.connect(hub.ws(PATH));
    t.after(() => peer.close());
    const shows = async (holdings, invested, realised, gain) => {
      const { row, pnl } = await waitFor(() => {
        const row = peer.data(POSITIONS).findLast((row) => row.id.portfolioId === id);
        const pnl = peer.data(PNL).findLast((pnl) => pnl.portfolio_id === id);
        assert.deepEqual(row && Object.values(numbers(row)), [holdings, invested, realised]);
        assert.deepEqual(pnl, { symbol: { BOTH: gain }, overallUnrealised_Pnl: gain, portfolio_id: id });
        return { row, pnl };
      }, 'position and unrealised P&L');
      assertPosition(row);
      assertUnrealised(pnl);
      const listed = (await positions(hub)).filter((row) => row.id.portfolioId === id);
      assert.deepEqual(listed, [row]);
    };
    await shows(4, 40, 0, 6);
    await trade(hub, sale(id, 'BOTH', { quantity: 1, price: 12 }));
    await quote(hub, { BOTH: 11 });
    await shows(3, 30, 2, 3);
    for (const message of peer.messages) {
      const { type, data, resume = `${'0'.repeat(16)}-0`, ...rest } = message;
      assert.ok([POSITIONS, PNL].includes(type), type);
      assert.equal(Array.isArray(data), type === POSITIONS);
      assert.match(resume, RESUME);
      assert.deepEqual(rest, {});
    }
  });

  it('sends the topics that are asked for, and those only', async (t) => {
    const id = await portfolio('ASKED');
    const held = await connect(t, { topics: POSITIONS, 'portfolio-ids': id });
    const gained = await connect(t, { topics: PNL, 'portfolio-ids': id });
    const both = await connect(t, { topics: `${POSITIONS},${PNL}`, 'portfolio-ids': id });
    await waitFor(() => both.of(POSITIONS).length > 0 && both.of(PNL).length > 0, 'both topics');
    await waitFor(() => held.of(POSITIONS).length > 0 && gained.of(PNL).length > 0, 'either topic');
    await trade(hub, purchase(id, 'ASKED'));
    await waitFor(() => held.data(POSITIONS).at(-1).holdings === 5, 'the change of the position');
    await waitFor(() => gained.data(PNL).at(-1).overallUnrealised_Pnl === 7.5, 'the change of the P&L');
    assert.deepEqual([held.of(PNL), gained.of(POSITIONS)], [[], []]);
  });

  it('sends nothing by itself when no topic is asked for', async (t) => {
    const id = await portfolio('NONE');
    const peer = await connect(t, { topics: '' });
    const witness = await connect(t, { 'portfolio-ids': id });
    await trade(hub, purchase(id, 'NONE'));
    await waitFor(() => witness.data(POSITIONS).at(-1)?.holdings === 5, 'the change, on another socket');
    assert.deepEqual(await peer.pinged(0), []);
  });

  it('takes the options of a subscription as query parameters', async (t) => {
    const [one, two, other] = [await portfolio('QUERY'), await portfolio('QUERY'), await portfolio('QUERY')];
    const peer = await connect(t, {
      'portfolio-ids': `${one.toUpperCase()},${two}`,
      interval: '0',
      batch: 'true',
      token: 'ignored',
    });
    await waitFor(() => peer.data(PNL).length >= 2 && peer.data(POSITIONS).length >= 2, 'the snapshots');
    await trade(hub, purchase(other, 'QUERY'), purchase(one, 'QUERY'));
    await waitFor(() => {
      const latest = newest(peer.data(PNL), (pnl) => pnl.portfolio_id);
      assert.deepEqual([latest.get(one), latest.get(two)].map(gain), [7.5, 6]);
      return newest(peer.data(POSITIONS), key).get(`${one} QUERY`).holdings === 5;
    }, 'the change');
    for (const { data } of peer.of(PNL)) assert.ok(Array.isArray(data), 'batch');
    const ids = [
      ...peer.data(POSITIONS).map((row) => row.id.portfolioId),
      ...peer.data(PNL).map((pnl) => pnl.portfolio_id),
    ];
    assert.deepEqual(new Set(ids), new Set([one, two]));
  });

  it('sends only what changes from now on with snapshot=false', async (t) => {
    const id = await portfolio('QUIET');
    const witness = await connect(t, { 'portfolio-ids': id });
    await waitFor(() => witness.data(PNL).length > 0, 'the state, published');
    const peer = await connect(t, { 'portfolio-ids': id, snapshot: 'false' });
    await peer.pinged();
    await trade(hub, purchase(id, 'OTHER', { price: 3 }));
    await waitFor(() => peer.data(POSITIONS).length > 0, 'the change');
    assert.deepEqual(peer.data(POSITIONS).map(key), [`${id} OTHER`]);
  });

  it('paces by interval', async (t) => {
    const INTERVAL_MS = 400;
    const id = await portfolio('PACED');
    const since = performance.now();
    const peer = await connect(t, { topics: PNL, 'portfolio-ids': id, interval: String(INTERVAL_MS) });
    let price = 100;
    const ends = () => peer.of(PNL).filter(({ resume }) => resume).length;
    await waitFor(async () => {
      await quote(hub, { PACED: ++price });
      return ends() >= 4;
    }, 'four drains');
    const [ms, drains] = [performance.now() - since, ends()];
    assert.ok(drains <= Math.floor(ms / INTERVAL_MS) + 1, `${drains} drains in ${ms} ms`);
    await waitFor(() => gain(peer.data(PNL).at(-1)) === 4 * price - 40, 'the newest value');
  });

  for (const [option, value, names] of [
    ['interval', 'soon', /^interval: /],
    ['portfolio-ids', 'x', /^portfolio-ids: /],
    ['portfolio-ids', '', /^portfolio-ids: /],
    ['snapshot', 'maybe', /^snapshot: /],
    ['resume', 'yesterday', /^resume: /],
    ['batch', 'yes', /^batch: /],
    ['topics', 'nothing', /^topics?: .*nothing/],
    ['portfolio', 'x', /^portfolio: .*portfolio-ids/],
  ]) {
    it(`says what is wrong with ?${option}=${value}, subscribes to nothing, and stays`, async (t) => {
      const id = await portfolio('WRONG');
      const peer = await connect(t, { [option]: value });
      await waitFor(() => peer.messages.length > 0, 'an error');
      const [{ type, message }] = peer.messages;
      assert.equal(type, 'error');
      assert.match(message, names);
      const witness = await connect(t, { 'portfolio-ids': id });
      await waitFor(() => witness.data(PNL).length > 0, 'the state, on another socket');
      assert.deepEqual((await peer.pinged(0)).length, 1, 'nothing but the error');
      peer.send({ type: 'subscribe', topic: POSITIONS, portfolioIds: [id] });
      await waitFor(() => peer.data(POSITIONS).length > 0, 'a snapshot');
      assert.deepEqual(peer.data(POSITIONS).map(key), [`${id} WRONG`]);
    });
  }

  it('answers ping with pong, and takes auth in silence', async (t) => {
    const peer = await connect(t, { topics: '' });
    peer.send({ type: 'auth', token: 'whatever' });
    assert.deepEqual(await peer.pinged(0), []);
    assert.deepEqual(peer.messages, [{ type: 'pong' }]);
  });

  it('subscribes and unsubscribes on request, and says so first', async (t) => {
    const id = await portfolio('WISH');
    const peer = await connect(t, { topics: '' });
    peer.send({ type: 'subscribe', topic: POSITIONS, portfolioIds: [id] });
    await waitFor(() => peer.messages.length >= 2, 'an answer and a snapshot');
    assert.deepEqual(peer.messages[0], { type: 'subscribed', topic: POSITIONS });
    assert.deepEqual(peer.data(POSITIONS).map(key), [`${id} WISH`]);

    peer.send({ type: 'unsubscribe', topic: POSITIONS });
    await waitFor(() => peer.of('unsubscribed').length > 0, 'an answer');
    assert.deepEqual(peer.of('unsubscribed'), [{ type: 'unsubscribed', topic: POSITIONS }]);

    const witness = await connect(t, { 'portfolio-ids': id });
    await trade(hub, purchase(id, 'WISH'));
    await waitFor(() => witness.data(POSITIONS).at(-1)?.holdings === 5, 'a change, on another socket');
    assert.deepEqual(await peer.pinged(), []);
    assert.deepEqual(peer.data(POSITIONS).length, 1);
  });

  it('subscribes to both topics when none is named', async (t) => {
    const id = await portfolio('ALL');
    const peer = await connect(t, { topics: '' });
    peer.send({ type: 'subscribe', portfolioIds: [id], batch: true });
    await waitFor(() => peer.of(POSITIONS).length > 0 && peer.of(PNL).length > 0, 'both snapshots');
    assert.deepEqual(
      peer
        .of('subscribed')
        .map(({ topic }) => topic)
        .sort(),
      [POSITIONS, PNL],
    );
    for (const type of [POSITIONS, PNL]) {
      const answer = peer.messages.findIndex((message) => message.topic === type);
      const first = peer.messages.findIndex((message) => message.type === type);
      assert.ok(answer < first, `${type}: the answer comes first`);
    }
    assert.deepEqual(peer.of(PNL)[0].data.map(gain), [6]);
  });

  it('replaces a subscription by one to the same topic', async (t) => {
    const [one, two] = [await portfolio('REPLACED'), await portfolio('REPLACED')];
    const peer = await connect(t, { topics: POSITIONS, 'portfolio-ids': `${one},${two}` });
    await waitFor(() => peer.data(POSITIONS).length === 2, 'both in the first snapshot');
    peer.send({ type: 'subscribe', topic: POSITIONS, portfolioIds: [two], interval: 0, snapshot: false });
    await waitFor(() => peer.of('subscribed').length > 0, 'an answer');
    await trade(hub, purchase(one, 'REPLACED'), purchase(two, 'REPLACED', { quantity: 2 }));
    await waitFor(() => peer.data(POSITIONS).length > 2, 'the change of the second');
    assert.deepEqual(
      peer.data(POSITIONS).map((row) => [row.id.portfolioId, row.holdings]),
      [
        [one, 4],
        [two, 4],
        [two, 6],
      ],
    );
  });

  for (const [what, message, names] of [
    ['no JSON', 'nonsense', /./],
    ['JSON that breaks off', '{"type":"ping"', /./],
    ['no object', ['ping'], /./],
    ['another that is none', null, /./],
    ['an object without a type', {}, /type/],
    ['a type that does not exist', { type: 'wish' }, /wish/],
    ['a topic that does not exist', { type: 'subscribe', topic: 'wishes' }, /wishes/],
    ['an unsubscribe from a topic that does not exist', { type: 'unsubscribe', topic: 'wishes' }, /wishes/],
    ['a wrong interval', { type: 'subscribe', topic: POSITIONS, interval: -1 }, /interval/],
    ['a wrong portfolio', { type: 'subscribe', topic: POSITIONS, portfolioIds: ['x'] }, /portfolio/],
    ['a wrong resume', { type: 'subscribe', topic: POSITIONS, resume: 'x' }, /resume/],
    ['octets', Uint8Array.of(1, 2, 3), /./],
  ]) {
    it(`answers ${what} with an error, and stays`, async (t) => {
      const peer = await connect(t, { topics: '' });
      peer.send(message);
      const came = await peer.pinged(0);
      assert.deepEqual(
        came.map(({ type }) => type),
        ['error'],
      );
      assert.match(came[0].message, names);
      assert.deepEqual(Object.keys(came[0]).sort(), ['message', 'type']);
    });
  }

  it('closes a page of another origin with 1008, and welcomes others', async (t) => {
    const evil = await NativePeer.connect(hub.ws(PATH), { origin: 'http://evil.example' });
    await waitFor(() => evil.closes.length > 0, 'a close');
    assert.deepEqual(evil.closes, [notAllowed('http://evil.example')]);
    assert.deepEqual(evil.messages, []);
    const own = await NativePeer.connect(hub.ws(`${PATH}?topics=`), { origin: 'http://localhost:4200' });
    t.after(() => own.close());
    assert.deepEqual(await own.pinged(), []);
  });
});

describe('on /ws/positions', () => {
  it('a resume after kill -9 and a restart gets exactly what changed', async (t) => {
    const hub = await Hub.start();
    t.after(() => hub.stop());
    const [changed, kept] = [randomUUID(), randomUUID()];
    await trade(hub, purchase(changed, 'AAPL', { quantity: 10 }), purchase(kept, 'MSFT'));
    await quote(hub, { AAPL: 11, MSFT: 12 });
    const peer = await NativePeer.connect(hub.ws(`${PATH}?batch=true`));
    await waitFor(() => peer.data(PNL).length === 2 && peer.data(POSITIONS).length === 2, 'the state');
    await waitFor(() => peer.of(PNL).at(-1).resume && peer.of(POSITIONS).at(-1).resume, 'resumes');
    const resumes = [peer.of(POSITIONS).at(-1).resume, peer.of(PNL).at(-1).resume];
    await hub.kill9();
    await waitFor(() => peer.closes.length > 0, 'the peer to notice');
    await hub.restart();
    await trade(hub, sale(changed, 'AAPL', { quantity: 5, price: 12 }));

    const back = await NativePeer.connect(hub.ws(`${PATH}?topics=`));
    t.after(() => back.close());
    back.send({ type: 'subscribe', topic: POSITIONS, resume: resumes[0] });
    back.send({ type: 'subscribe', topic: PNL, resume: resumes[1] });
    await waitFor(() => back.data(POSITIONS).length > 0 && back.data(PNL).length > 0, 'what changed');
    const later = randomUUID();
    await trade(hub, purchase(later, 'AAPL'));
    await waitFor(() => back.data(POSITIONS).at(-1).id.portfolioId === later, 'what comes next');
    await waitFor(() => back.data(PNL).at(-1).portfolio_id === later, 'its P&L');
    const held = newest(back.data(POSITIONS), key);
    assert.deepEqual([...held.keys()], [`${changed} AAPL`, `${later} AAPL`]);
    assert.deepEqual(numbers(held.get(`${changed} AAPL`)), {
      holdings: 5,
      totalInvested: 50,
      realizedPnl: 10,
    });
    const gained = newest(back.data(PNL), (pnl) => pnl.portfolio_id);
    assert.deepEqual(
      [...gained].map(([id, pnl]) => [id, gain(pnl)]).sort(),
      [
        [changed, 5],
        [later, 1],
      ].sort(),
    );
    for (const message of back.messages) assert.ok(!('snapshot' in message), JSON.stringify(message));
    assert.equal(await metric(hub, 'hub_reconnects_total'), 2);
  });

  it('a resume of another log is answered by a snapshot that says so', async (t) => {
    const hub = await Hub.start();
    t.after(() => hub.stop());
    const query = '?resume=0123456789abcdef-1';
    const empty = await NativePeer.connect(hub.ws(PATH + query));
    t.after(() => empty.close());
    await waitFor(() => empty.messages.length >= 2, 'both answers');
    for (const type of [POSITIONS, PNL]) {
      const [{ data, snapshot }] = empty.of(type);
      assert.deepEqual([data, snapshot], [[], 'unknown-epoch']);
    }
    const id = randomUUID();
    await trade(hub, purchase(id, 'AAPL'));
    await quote(hub, { AAPL: 9 });
    await waitFor(() => empty.data(PNL).length > 0, 'the state, published');
    const full = await NativePeer.connect(hub.ws(PATH + query));
    t.after(() => full.close());
    await waitFor(() => full.data(POSITIONS).length > 0 && full.data(PNL).length > 0, 'both snapshots');
    assert.deepEqual(full.data(POSITIONS).map(key), [`${id} AAPL`]);
    assert.deepEqual(full.data(PNL).map(gain), [-1]);
    for (const { snapshot } of full.messages) assert.equal(snapshot, 'unknown-epoch');
  });

  it('SIGTERM closes with 1001 after what was acknowledged has been sent', async (t) => {
    const hub = await Hub.start();
    t.after(() => hub.stop());
    const peers = await Promise.all(Array.from({ length: 20 }, () => NativePeer.connect(hub.ws(PATH))));
    assert.equal(await metric(hub, 'hub_connections{service="analytics",transport="websocket"}'), 20);
    const last = purchase(randomUUID(), 'LAST');
    await trade(hub, last);
    hub.signalTerminate();
    for (const peer of peers) {
      await waitFor(() => peer.closes.length > 0, 'a close');
      assert.deepEqual(peer.closes, [{ code: 1001, reason: 'Going away' }]);
      assert.deepEqual(peer.data(POSITIONS).map(key), [`${last.portfolioId} LAST`]);
    }
    await hub.exitedCleanly();
  });
});

function gain({ overallUnrealised_Pnl }) {
  return overallUnrealised_Pnl;
}
