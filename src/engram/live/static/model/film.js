/** A source of texts and frames that were recorded: plays, pauses, seeks. */

const MAGIC = "EGFILM01";
const RECORD = 16;
const TEXT = 0;

/** @typedef {{at: number, kind: number, from: number, size: number}} Entry */

/** @param {ArrayBuffer|Uint8Array} packed of a film @returns {Promise<FilmSource>} */
export async function openFilm(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = await new Response(stream).arrayBuffer();
  if (new TextDecoder().decode(bytes.slice(0, 8)) !== MAGIC) throw new Error("This file is no film of Engram.");
  return new FilmSource(bytes);
}

export class FilmSource {
  /** @param {ArrayBuffer} bytes unpacked */
  constructor(bytes) {
    this.bytes = bytes;
    this.canSend = false;
    /** @type {Entry[]} */
    this.entries = [];
    const view = new DataView(bytes);
    for (let at = 8; at + RECORD <= bytes.byteLength; ) {
      const size = view.getUint32(at + 8, true);
      if (at + RECORD + size > bytes.byteLength) break;
      this.entries.push({ at: view.getUint32(at, true), kind: view.getUint32(at + 4, true), from: at + RECORD, size });
      at += RECORD + Math.ceil(size / 8) * 8;
    }
    this.length = this.entries.at(-1)?.at ?? 0;
    this.now = 0;
    this.next = 0;
    this.playing = false;
    this.rate = 1;
    /** @type {(text: any) => void} */
    this.onText = () => {};
    /** @type {(buffer: ArrayBuffer) => void} */
    this.onFrame = () => {};
    /** @type {(state: string, words: string) => void} */
    this.onState = () => {};
    /** @type {() => void} told when it moved, began or ended */
    this.onMove = () => {};
  }

  start() {
    this.onState("film", "Playing a film.");
    this.seek(0);
    this.play();
  }

  play() {
    if (this.next >= this.entries.length) this.seek(0);
    this.playing = true;
    this.before = performance.now();
    this.tick();
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.timer ?? 0);
    this.onMove();
  }

  tick() {
    if (!this.playing) return;
    const clock = performance.now();
    this.now += Math.min(250, clock - (this.before ?? clock)) * this.rate;
    this.before = clock;
    this.deliver(this.now);
    if (this.next >= this.entries.length) return this.pause();
    this.onMove();
    this.timer = requestAnimationFrame(() => this.tick());
  }

  /** @param {number} ms since the beginning */
  seek(ms) {
    const first = ms < this.now || !this.next ? this.structureBefore(ms) : this.next;
    this.next = first;
    this.now = Math.max(0, Math.min(this.length, ms));
    this.deliver(this.now);
    this.onMove();
  }

  /** Index of the last whole description before a time: there all begins anew. */
  structureBefore(/** @type {number} */ ms) {
    let found = 0;
    for (let i = 0; i < this.entries.length && this.entries[i].at <= ms; i++) {
      const { kind, from, size } = this.entries[i];
      if (kind !== TEXT || i < 4) continue;
      const head = new TextDecoder().decode(new Uint8Array(this.bytes, from, Math.min(48, size)));
      if (/^\{"type": ?"structure", ?"brain": ?0\b/.test(head)) found = i;
    }
    return found;
  }

  deliver(/** @type {number} */ ms) {
    while (this.next < this.entries.length && this.entries[this.next].at <= ms) {
      const { kind, from, size } = this.entries[this.next++];
      const bytes = this.bytes.slice(from, from + size);
      if (kind === TEXT) this.onText(JSON.parse(new TextDecoder().decode(bytes)));
      else this.onFrame(bytes);
    }
  }

  /** Films take no commands. @param {object} _message */
  send(_message) {
    return false;
  }

  stop() {
    this.pause();
  }
}
