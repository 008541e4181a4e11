// nginx and HAProxy, in the foreground, each with a directory of its own.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { child } from './children.mjs';
import { waitFor } from './wait.mjs';

/** Debian's, or another. */
const NGINX = process.env.NGINX ?? '/usr/sbin/nginx';
const HAPROXY = process.env.HAPROXY ?? '/usr/sbin/haproxy';

/** What nginx has to be told to touch nothing outside of its prefix, and to be one process. */
const NGINX_MAIN = `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
`;
const NGINX_HTTP = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((name) => `${name}_temp_path ${name};\n`)
  .join('');

/** Lines of output that are kept: the first ones tell why. */
const OUTPUT_LINES = 5;

/** Ports that Linux gives to nobody who does not ask for them by number. */
const PORTS = { first: 20_000, count: 12_000 };

export class Front {
  /** Where it listens, on 127.0.0.1. */
  port;

  #directory;
  #process;
  #exited;
  #output = [];

  /** nginx, with what `http` says of a free port in its `http` block. */
  static async nginx(http) {
    const front = await Front.#create();
    const text = `${NGINX_MAIN}http {\naccess_log off;\n${NGINX_HTTP}${http(front.port)}}\n`;
    const file = await front.#write('nginx.conf', text);
    // Without the caller's environment: a variable NGINX would name sockets to be inherited.
    await front.#run(NGINX, ['-e', 'stderr', '-p', front.#directory, '-c', file], { env: {} });
    return front;
  }

  /** HAProxy, with the sections that `sections` makes of a free port. */
  static async haproxy(sections) {
    const front = await Front.#create();
    const text = `global\n    stats socket ${front.#socket}\n${sections(front.port)}`;
    await front.#run(HAPROXY, ['-db', '-f', await front.#write('haproxy.cfg', text)]);
    return front;
  }

  static async #create() {
    const front = new Front();
    front.port = await freePort();
    front.#directory = await mkdtemp(join(tmpdir(), 'pms-hub-front-'));
    return front;
  }

  /** What it has said of itself: warnings and errors. */
  get output() {
    return this.#output.join('\n');
  }

  /** @returns {string} `http://localhost:<port><path>` */
  http(path = '') {
    return `http://localhost:${this.port}${path}`;
  }

  /** @returns {string} `ws://localhost:<port><path>` */
  ws(path = '') {
    return `ws://localhost:${this.port}${path}`;
  }

  /** What HAProxy says of its servers: rows of `show stat`, by column. */
  async servers() {
    const socket = connect(this.#socket).setEncoding('utf8');
    socket.write('show stat\n');
    const [names, ...rows] = (await socket.toArray()).join('').trim().split('\n');
    const columns = names.replace('# ', '').split(',');
    return rows
      .map((row) => Object.fromEntries(row.split(',').map((value, index) => [columns[index], value])))
      .filter(({ svname }) => !['FRONTEND', 'BACKEND'].includes(svname));
  }

  /** SIGTERM, and its directory is gone. */
  async stop() {
    this.#process.kill('SIGTERM');
    await waitFor(this.#exited, 'what stands before the hub to stop');
    await rm(this.#directory, { recursive: true });
  }

  get #socket() {
    return join(this.#directory, 'admin.sock');
  }

  async #write(name, text) {
    const file = join(this.#directory, name);
    await writeFile(file, text);
    return file;
  }

  async #run(command, args, options) {
    this.#process = child(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (this.#output.length < OUTPUT_LINES) this.#output.push(line);
      });
    }
    this.#exited = once(this.#process, 'close');
    const failed = this.#exited.then(() => assert.fail(`${command} did not start:\n${this.output}`));
    const listening = waitFor(() => accepts(this.port), `${command} to listen`);
    await Promise.race([listening, failed]);
    failed.catch(() => {});
  }
}

/** A port that nobody listens at. */
async function freePort() {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    const server = createServer().listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!free) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

async function accepts(port) {
  const socket = connect(port, '127.0.0.1');
  const accepted = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return accepted;
}
