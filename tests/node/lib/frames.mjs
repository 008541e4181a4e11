// WebSocket frames (RFC 6455) and what is compressed in them (RFC 7692), as bytes: read from what passed a
// proxy, and written by hand.

import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

/** What a flush ends with, and a compressed message leaves out. */
const FLUSH_END = Buffer.from([0x00, 0x00, 0xff, 0xff]);

const HEAD_END = '\r\n\r\n';

const OPCODES = { continuation: 0, text: 1, binary: 2 };

/**
 * One direction of a WebSocket connection: the head of its handshake, and its frames so far.
 *
 * @param {Buffer} bytes
 * @returns {{ head: string, frames: { opcode: number, compressed: boolean, payload: Buffer }[] }}
 */
export function dissect(bytes) {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return { head: '', frames: [] };
  const frames = [];
  for (let rest = bytes.subarray(end + HEAD_END.length); ;) {
    const { frame, size } = parse(rest);
    if (!frame) return { head: bytes.toString('latin1', 0, end), frames };
    frames.push(frame);
    rest = rest.subarray(size);
  }
}

function parse(bytes) {
  if (bytes.length < 2) return {};
  const short = bytes[1] & 0x7f;
  const masked = bytes[1] >> 7;
  const begin = 2 + ({ 126: 2, 127: 8 }[short] ?? 0) + 4 * masked;
  if (bytes.length < begin) return {};
  const length =
    short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  const size = begin + length;
  if (bytes.length < size) return {};
  const mask = masked ? bytes.subarray(begin - 4, begin) : [0, 0, 0, 0];
  const payload = bytes.subarray(begin, size).map((byte, index) => byte ^ mask[index % 4]);
  return { frame: { opcode: bytes[0] & 0x0f, compressed: (bytes[0] & 0x40) > 0, payload }, size };
}

/** A compressed message's payload; the window is that of its sender at most. */
export function inflated({ payload, compressed }, windowBits = 15) {
  if (!compressed) return payload;
  // What has been written out in chunks can only be pointed back to within the window.
  const chunkSize = windowBits < 15 ? constants.Z_MIN_CHUNK : constants.Z_DEFAULT_CHUNK;
  const options = { windowBits, chunkSize, finishFlush: constants.Z_SYNC_FLUSH };
  return inflateRawSync(Buffer.concat([payload, FLUSH_END]), options);
}

/** The payload of a compressed message. */
export function deflated(content) {
  const flushed = deflateRawSync(content, { finishFlush: constants.Z_SYNC_FLUSH });
  return flushed.subarray(0, -FLUSH_END.length);
}

/** The payload of a compressed message of so many MiB of zeros; each is about a KiB in it. */
export function bomb(mebibytes) {
  // What ends with a full flush can be said again and again.
  const one = deflateRawSync(Buffer.alloc(1 << 20), { finishFlush: constants.Z_FULL_FLUSH });
  return Buffer.concat(Array(mebibytes).fill(one)).subarray(0, -FLUSH_END.length);
}

/** A client's frame, masked with zeros. */
export function clientFrame(kind, payload, { compressed = false, last = true } = {}) {
  const first = (last ? 0x80 : 0) | (compressed ? 0x40 : 0) | OPCODES[kind];
  return Buffer.concat([Buffer.of(first), maskedLength(payload.length), Buffer.alloc(4), payload]);
}

function maskedLength(length) {
  if (length < 126) return Buffer.of(0x80 | length);
  const bytes = Buffer.alloc(length > 0xffff ? 9 : 3);
  if (length > 0xffff) bytes.writeBigUInt64BE(BigInt(length), 1);
  else bytes.writeUInt16BE(length, 1);
  bytes[0] = 0x80 | (length > 0xffff ? 127 : 126);
  return bytes;
}
