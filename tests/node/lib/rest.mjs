// The hub's HTTP side.

import assert from 'node:assert/strict';

const JSON_BODY = { 'content-type': 'application/json' };

/**
 * POSTs a body as it is.
 *
 * @returns {Promise<{ status: number, type: string | null, body: any }>} with the body parsed, if it is JSON
 */
export async function post(hub, path, body, headers = {}, service) {
  const response = await fetch(hub.http(path, service), { method: 'POST', body, headers });
  return answer(response);
}

/** POSTs a value as JSON. */
export function postJson(hub, path, value, service) {
  return post(hub, path, JSON.stringify(value), JSON_BODY, service);
}

/** @returns as {@link post} */
export async function get(hub, path, service) {
  return answer(await fetch(hub.http(path, service)));
}

/** The JSON of a GET that must succeed. */
export async function read(hub, path, service) {
  const { status, type, body } = await get(hub, path, service);
  assert.deepEqual([status, type], [200, 'application/json'], `${path}: ${JSON.stringify(body)}`);
  return body;
}

/** Asserts that an answer is a problem (RFC 9457) of this status, whose detail tells what is wrong. */
export function assertProblem({ status, type, body }, expected, detail) {
  assert.deepEqual([status, type, body.status], [expected, 'application/problem+json', expected]);
  assert.match(body.detail, detail);
}

/** Ingests items of one kind, as one JSON array. */
export function ingest(hub, kind, items, service) {
  return postJson(hub, `/api/ingest/${kind}`, items, service);
}

/** Ingests items of which none may be rejected. */
export async function ingestOk(hub, kind, items) {
  const { status, body } = await ingest(hub, kind, items);
  assert.equal(status, 200, JSON.stringify(body));
}

/** Publishes to a relay destination, as `/topic/relay/x`. */
export function publish(hub, destination, body, headers = {}) {
  return post(hub, `/api/publish${destination}`, body, headers);
}

/** All positions: `GET /api/analysis/all`. */
export async function positions(hub) {
  const { body } = await get(hub, '/api/analysis/all');
  return body;
}

/** A sample of `GET /metrics`, named with its labels as there; 0 for one that is not there. */
export async function metric(hub, sample) {
  const { body } = await get(hub, '/metrics');
  const line = body.split('\n').find((line) => line.startsWith(`${sample} `));
  return Number(line?.slice(sample.length) ?? 0);
}

async function answer(response) {
  const type = response.headers.get('content-type');
  const text = await response.text();
  const body = /\bjson\b/.test(type ?? '') ? JSON.parse(text) : text;
  return { status: response.status, type, body };
}
