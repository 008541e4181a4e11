// Every screen adds up: summaries, movers and sectors are of one position, which REST answers at, too.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { Peer } from './lib/peer.mjs';
import { ingestOk, read } from './lib/rest.mjs';
import { purchase, quote, sale, trade } from './lib/trades.mjs';
import { waitFor } from './lib/wait.mjs';

const SUMMARY = '/topic/portfolio-summary';
const MOVERS = '/topic/movers';
const SECTORS = '/topic/sectors';

const sum = (rows, member) => rows.reduce((all, row) => all + row[member], 0);

describe('summaries, movers and sectors', () => {
  const [one, other] = [randomUUID(), randomUUID()];
  let hub;
  let peer;
  before(async () => {
    hub = await Hub.start();
    await ingestOk(hub, 'portfolios', [{ portfolioId: one, name: 'Growth' }]);
    await ingestOk(hub, 'symbols', [{ symbol: 'AAPL', sector: 'Technology' }]);
    peer = await Peer.connect(hub.base('/ws'));
  });
  after(async () => {
    await peer?.close();
    await hub?.stop();
  });

  it('begin with what there is, an empty one whole', async () => {
    const [movers, sectors] = [await peer.subscribe(MOVERS, { id: 'm' }), await peer.subscribe(SECTORS, { id: 's' })];
    await waitFor(() => movers.length && sectors.length, 'both documents');
    assert.deepEqual(JSON.parse(movers[0].body), { gainers: [], losers: [] });
    assert.deepEqual(JSON.parse(sectors[0].body), []);
    await peer.unsubscribe('m');
    await peer.unsubscribe('s');
  });

  it('of one flush are of one position, and add up to each other and to REST at it', async () => {
    const summaries = await peer.subscribe(SUMMARY);
    const sectors = await peer.subscribe(SECTORS);
    await trade(hub, purchase(one, 'AAPL', { quantity: 3 }), purchase(one, 'ODD', { quantity: 2 }), purchase(other, 'AAPL', { quantity: 5 }));
    await quote(hub, { AAPL: 12, ODD: 7 });
    await trade(hub, sale(other, 'AAPL'));
    /** The newest row of each portfolio. */
    const shownRows = () =>
      new Map(summaries.flatMap(({ body }) => JSON.parse(body)).map((row) => [row.portfolioId, row]));
    await waitFor(async () => {
      const [last, rows] = [sectors.at(-1), [...shownRows().values()]];
      assert.equal(rows.length, 2);
      const shown = JSON.parse(last.body);
      assert.equal(summaries.at(-1).headers.resume, last.headers.resume, 'one position');
      for (const [of, in_] of [['holdings', 'totalHoldings'], ['totalInvested'], ['realizedPnl']]) {
        assert.equal(sum(rows, of), sum(shown, in_ ?? of), of);
      }
      assert.deepEqual(await read(hub, `/api/sectors/overall?at=${last.headers.resume}`), shown);
      assert.deepEqual(
        rows.map(({ name, positions, unrealizedPnl, stale, asOf, unpriced, dayChange }) =>
          [name, positions, unrealizedPnl, stale, asOf, unpriced, dayChange]),
        [['Growth', 2, 0, false, null, [], null], [null, 1, 8, false, null, [], null]],
      );
      return true;
    }, 'screens that add up');
  });

  it('are summed up over what their subscriber asked for', async () => {
    const sectors = await peer.subscribe(SECTORS, { 'portfolio-ids': other });
    const movers = await peer.subscribe(MOVERS, { 'portfolio-ids': one, limit: '1' });
    await waitFor(() => sectors.length && movers.length, 'both documents');
    assert.deepEqual(JSON.parse(sectors[0].body).map(({ sector, percentage }) => [sector, percentage]), [['Technology', 100]]);
    const before = sectors.length;
    await quote(hub, { AAPL: 9 });
    const last = () => JSON.parse(movers.at(-1).body);
    await waitFor(() => last().gainers.length === 0, 'losers alone');
    assert.deepEqual([last().gainers, last().losers.map(({ symbol }) => symbol)], [[], ['ODD']]);
    assert.equal(sectors.length, before, 'a price changes no sector');
  });

  it('refuse a limit where there is none to choose', async () => {
    const refused = new Peer(hub.base('/ws'));
    await refused.open();
    refused.client.subscribe(SUMMARY, () => {}, { limit: '3' });
    await waitFor(() => refused.errors.length, 'an ERROR');
    assert.match(refused.errors[0].body, /^limit: /);
    await refused.close();
  });

  it('are there for those without STOMP', async () => {
    const socket = await NativePeer.connect(hub.ws('/ws/positions?topics=portfolio-summary,movers,sectors'));
    const last = (name) => socket.messages.findLast(({ type }) => type === name)?.data;
    await waitFor(() => last('portfolio-summary')?.length === 2 && last('sectors'), 'summaries and sectors');
    assert.deepEqual(last('sectors').map(({ sector }) => sector), ['Technology', 'Unclassified']);
    await waitFor(() => last('movers')?.losers[0]?.symbol === 'AAPL', 'movers at the last prices');
    await socket.close();
  });

  it('are followed all or none, and go on as they were where a command is refused', async () => {
    const none = await NativePeer.connect(hub.ws('/ws/positions?topics=movers,sectors&limit=5'));
    await waitFor(() => none.messages.length, 'an answer');
    assert.match(none.messages[0].message, /^limit: \/topic\/sectors takes none/);
    const socket = await NativePeer.connect(hub.ws('/ws/positions?topics=movers'));
    const of = (type) => socket.messages.filter((message) => message.type === type);
    const losers = () => of('movers').at(-1)?.data.losers[0]?.unrealizedPnl;
    await waitFor(losers, 'the movers that there are');
    const before = losers();
    socket.send({ type: 'subscribe', topics: ['movers', 'sectors'], limit: 2 });
    await waitFor(() => of('error').length, 'a refusal');
    assert.deepEqual(of('subscribed'), []);
    await quote(hub, { AAPL: 1 });
    await waitFor(() => losers() !== before, 'movers as before');
    assert.deepEqual([of('sectors'), none.messages.length], [[], 1]);
    await Promise.all([none.close(), socket.close()]);
  });
});
