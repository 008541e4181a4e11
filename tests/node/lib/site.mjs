// A public name, served over TLS at a port of this machine, and the certificate that it shows.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { lookup } from 'node:dns';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A self-signed certificate, as files. */
export class Certificate {
  #directory;

  /** The certificate, in PEM. */
  pem;

  static async of(name) {
    const own = new Certificate();
    own.#directory = await mkdtemp(join(tmpdir(), 'pms-hub-certificate-'));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', own.key];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-days', '2'];
    await promisify(execFile)('openssl', ['req', '-x509', ...key, ...subject, '-out', own.certificate]);
    own.pem = await readFile(own.certificate, 'utf8');
    await writeFile(own.bundle, own.pem + (await readFile(own.key, 'utf8')));
    return own;
  }

  /** @returns {string} the certificate's file */
  get certificate() {
    return join(this.#directory, 'certificate.pem');
  }

  /** @returns {string} the private key's file */
  get key() {
    return join(this.#directory, 'key.pem');
  }

  /** @returns {string} a file of both, as HAProxy has it */
  get bundle() {
    return join(this.#directory, 'bundle.pem');
  }

  remove() {
    return rm(this.#directory, { recursive: true });
  }
}

export class Site {
  #name;
  #port;

  /** What a client has to know to get there: an address for the name, and whom to trust. */
  way;

  constructor(name, port, certificate) {
    this.#name = name;
    this.#port = port;
    this.way = { lookup: (_, options, done) => lookup('127.0.0.1', options, done), ca: certificate.pem };
    // sockjs-client asks over HTTP by this agent.
    Object.assign(https.globalAgent.options, this.way);
  }

  /** @returns {string} the origin of its pages, which are at the usual port as far as browsers know */
  get origin() {
    return `https://${this.#name}`;
  }

  /** @returns {string} `https://<name>:<port><path>` */
  url(path = '') {
    return `https://${this.#name}:${this.#port}${path}`;
  }

  /** @returns {string} `wss://<name>:<port><path>` */
  ws(path = '') {
    return `wss://${this.#name}:${this.#port}${path}`;
  }
}

/**
 * A request with any header, `Connection` and `Host` included, as `fetch` lets nobody do.
 *
 * @param {http.RequestOptions & { body?: string }} [options] of Node's `request`; and the body
 * @returns {Promise<{ status: number, headers: object, type?: string, body: any }>} with the body parsed, if it is JSON
 */
export async function request(url, { body, ...options } = {}) {
  const { request: ask } = url.startsWith('https:') ? https : http;
  const response = await new Promise((resolve, reject) => {
    ask(url, options, resolve).on('error', reject).end(body);
  });
  const text = (await response.setEncoding('utf8').toArray()).join('');
  const type = response.headers['content-type'];
  return {
    status: response.statusCode,
    headers: response.headers,
    type,
    body: /\bjson\b/.test(type ?? '') ? JSON.parse(text) : text,
  };
}
