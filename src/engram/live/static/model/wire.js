/** Bytes of the protocol as typed arrays; docs/live_protocol.md says what they are. */

const MAGIC = 0x314c4745;
const HEADER = 64;
const SPIKES = 1;
const PLAIN = { 2: "regions", 3: "pathways", 4: "rhythms", 5: "memory" };
const RASTER = 6;
const VOLTAGE = 7;
const COUNTS = 8;
const DENDRITE = 9;

/**
 * @typedef {object} Frame
 * @property {number} brain @property {number} number @property {number} version
 * @property {number} time ms @property {number} step
 * @property {boolean} running @property {boolean} asleep @property {boolean} held
 * @property {boolean} replaying @property {boolean} recording
 * @property {number} speed times real time @property {number} steps @property {number} seconds
 * @property {number} neurons @property {number} synapses @property {number} wave
 * @property {Map<number, Uint8Array>} spikes by region
 * @property {Float32Array} [regions] @property {Float32Array} [pathways]
 * @property {Float32Array} [rhythms] @property {Float32Array} [memory]
 * @property {{first: number, events: Uint16Array}} [raster] row, steps before, in turns
 * @property {{region: number, slot: number, step: number, every: number, theta: number, v: Float32Array}} [voltage]
 * @property {{region: number, v: Float32Array}} [dendrite]
 * @property {Float64Array} [counts]
 */

/**
 * @param {ArrayBuffer} buffer
 * @returns {Frame|null} null if it is none
 */
export function readFrame(buffer) {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER || view.getUint32(0, true) !== MAGIC) return null;
  const flags = view.getUint32(32, true);
  /** @type {Frame} */
  const frame = {
    brain: view.getUint16(6, true),
    number: view.getUint32(8, true),
    version: view.getUint32(12, true),
    time: view.getFloat64(16, true),
    step: view.getFloat64(24, true),
    running: (flags & 1) > 0,
    asleep: (flags & 2) > 0,
    held: (flags & 4) > 0,
    replaying: (flags & 8) > 0,
    recording: (flags & 16) > 0,
    speed: view.getFloat32(36, true),
    steps: view.getUint32(40, true),
    seconds: view.getFloat32(44, true),
    neurons: view.getUint32(48, true),
    synapses: view.getUint32(52, true),
    wave: view.getFloat32(60, true),
    spikes: new Map(),
  };
  let at = HEADER;
  for (let left = view.getUint32(56, true); left > 0 && at + 8 <= buffer.byteLength; left--) {
    const size = view.getUint32(at + 4, true);
    if (at + 8 + size > buffer.byteLength) return null;
    readSection(frame, view, view.getUint16(at, true), view.getUint16(at + 2, true), at + 8, size);
    at += 8 + Math.ceil(size / 8) * 8;
  }
  return frame;
}

function readSection(
  /** @type {Frame} */ frame,
  /** @type {DataView} */ view,
  /** @type {number} */ kind,
  /** @type {number} */ index,
  /** @type {number} */ at,
  /** @type {number} */ size,
) {
  const { buffer } = view;
  if (kind === SPIKES) frame.spikes.set(index, new Uint8Array(buffer, at, size));
  else if (kind in PLAIN) frame[PLAIN[kind]] = new Float32Array(buffer, at, size >> 2);
  else if (kind === RASTER) {
    const n = view.getUint32(at + 4, true);
    frame.raster = { first: view.getUint32(at, true), events: new Uint16Array(buffer, at + 8, 2 * n) };
  } else if (kind === VOLTAGE) {
    frame.voltage = {
      region: index,
      slot: view.getUint32(at, true),
      step: view.getFloat64(at + 8, true),
      every: view.getFloat32(at + 16, true),
      theta: view.getFloat32(at + 20, true),
      v: new Float32Array(buffer, at + 24, view.getUint32(at + 4, true)),
    };
  } else if (kind === COUNTS) frame.counts = new Float64Array(buffer, at, size >> 3);
  else if (kind === DENDRITE) frame.dendrite = { region: index, v: new Float32Array(buffer, at, size >> 2) };
}

/** @param {string} text base64 @returns {Uint8Array} */
export function bytesOf(text) {
  const raw = atob(text);
  const out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}

/** One byte a bit. @param {string} text base64 @param {number} count @returns {Uint8Array} */
export function bitsOf(text, count) {
  const bytes = bytesOf(text);
  const out = new Uint8Array(count);
  for (let i = 0; i < count; i++) out[i] = (bytes[i >> 3] >> (i & 7)) & 1;
  return out;
}

/** @param {string} text base64 of int16 @param {number} radius @returns {Float32Array} */
export function placesOf(text, radius) {
  const bytes = bytesOf(text);
  const raw = new Int16Array(bytes.buffer, 0, bytes.length >> 1);
  return Float32Array.from(raw, (x) => (x / 32767) * radius);
}
