// The hub's HTTP side.

/**
 * POSTs a body as it is.
 *
 * @returns {Promise<{ status: number, type: string | null, body: any }>} with the body parsed, if it is JSON
 */
export async function post(hub, path, body, headers = {}) {
  const response = await fetch(hub.http(path), { method: 'POST', body, headers });
  return answer(response);
}

/** Ingests items of one kind, as one JSON array. */
export function ingest(hub, kind, items) {
  return post(hub, `/api/ingest/${kind}`, JSON.stringify(items), { 'content-type': 'application/json' });
}

/** Publishes to a relay destination, as `/topic/relay/x`. */
export function publish(hub, destination, body, headers = {}) {
  return post(hub, `/api/publish${destination}`, body, headers);
}

/** All positions: `GET /api/analysis/all`. */
export async function positions(hub) {
  const { body } = await answer(await fetch(hub.http('/api/analysis/all')));
  return body;
}

/** A sample of `GET /metrics`, named with its labels as there; 0 for one that is not there. */
export async function metric(hub, sample) {
  const { body } = await answer(await fetch(hub.http('/metrics')));
  const line = body.split('\n').find((line) => line.startsWith(`${sample} `));
  return Number(line?.slice(sample.length) ?? 0);
}

async function answer(response) {
  const type = response.headers.get('content-type');
  const text = await response.text();
  const body = /\bjson\b/.test(type ?? '') ? JSON.parse(text) : text;
  return { status: response.status, type, body };
}
