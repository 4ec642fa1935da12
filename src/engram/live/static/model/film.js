/** A source of texts and frames that were recorded: plays, pauses, seeks. */

const MAGIC = "EGFILM01";
const RECORD = 16;
const TEXT = 0;

const FRAME = 1;
const PROTOCOL = 1;
const FRAME_HEADER = 64;

/** A film ends at 1 GiB; sixty records a second are two million in nine hours. */
const MOST_BYTES = 1.1 * 2 ** 30;
const MOST_RECORDS = 2_000_000;

/** @typedef {{at: number, kind: number, from: number, size: number}} Entry */

/** @param {ArrayBuffer|Uint8Array} packed of a film @returns {Promise<FilmSource>} */
export async function openFilm(packed) {
  if (!packed.byteLength) throw new Error("The file is empty.");
  const { bytes, whole } = await unpacked(packed);
  if (new TextDecoder().decode(bytes.slice(0, 8)) !== MAGIC) throw new Error("This file is no film of Engram.");
  const { entries, rest } = recordsOf(bytes);
  checkFirst(bytes, entries);
  const cut = whole && !rest ? "" : "The file of this film is damaged or was cut off; it plays as far as it goes.";
  return new FilmSource(bytes, entries, cut);
}

/** As much as can be unpacked. @returns {Promise<{bytes: ArrayBuffer, whole: boolean}>} */
async function unpacked(/** @type {ArrayBuffer|Uint8Array} */ packed) {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  /** @type {Uint8Array[]} */
  const parts = [];
  let size = 0;
  let whole = true;
  try {
    for (let got = await reader.read(); !got.done; got = await reader.read()) {
      parts.push(got.value);
      size += got.value.byteLength;
      if (size > MOST_BYTES) break;
    }
  } catch {
    whole = false;
  }
  if (size > MOST_BYTES) {
    reader.cancel().catch(() => {});
    throw new Error("It is longer than films may be.");
  }
  return { bytes: await new Blob(parts).arrayBuffer(), whole };
}

/** Records up to the first that is none. @returns {{entries: Entry[], rest: number}} rest: bytes that are left */
function recordsOf(/** @type {ArrayBuffer} */ bytes) {
  const view = new DataView(bytes);
  /** @type {Entry[]} */
  const entries = [];
  let at = MAGIC.length;
  while (at + RECORD <= bytes.byteLength) {
    const when = view.getUint32(at, true);
    const kind = view.getUint32(at + 4, true);
    const size = view.getUint32(at + 8, true);
    const least = kind === TEXT ? 2 : FRAME_HEADER;
    const known = (kind === TEXT || kind === FRAME) && size >= least && when >= (entries.at(-1)?.at ?? 0);
    if (!known || at + RECORD + size > bytes.byteLength) break;
    entries.push({ at: when, kind, from: at + RECORD, size });
    if (entries.length > MOST_RECORDS) throw new Error("It has more records than films may have.");
    at += RECORD + Math.ceil(size / 8) * 8;
  }
  return { entries, rest: Math.max(0, bytes.byteLength - at) };
}

/** A film begins by saying what it is. */
function checkFirst(/** @type {ArrayBuffer} */ bytes, /** @type {Entry[]} */ entries) {
  const first = entries[0];
  const hello = first?.kind === TEXT ? parsed(bytes, first) : null;
  if (hello?.type !== "hello") throw new Error("The film has no beginning: it is damaged, or nothing was recorded.");
  if (hello.protocol !== PROTOCOL) {
    throw new Error(`The film is of protocol ${hello.protocol}; this player knows ${PROTOCOL}. Another version of Engram plays it.`);
  }
}

/** A record as JSON; null where it is none. */
function parsed(/** @type {ArrayBuffer} */ bytes, /** @type {Entry} */ { from, size }) {
  try {
    return JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, from, size)));
  } catch {
    return null;
  }
}

export class FilmSource {
  /** @param {ArrayBuffer} bytes unpacked @param {Entry[]} entries @param {string} cut why it ends early, if it does */
  constructor(bytes, entries, cut) {
    this.bytes = bytes;
    this.entries = entries;
    this.cut = cut;
    this.canSend = false;
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
    this.onState(this.cut ? "cut" : "film", this.cut || "Playing a film.");
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
      const entry = this.entries[this.next++];
      try {
        this.give(entry);
      } catch {
        this.endAt(this.next - 1);
      }
    }
  }

  give(/** @type {Entry} */ entry) {
    const { kind, from, size } = entry;
    if (kind === FRAME) return this.onFrame(this.bytes.slice(from, from + size));
    const text = parsed(this.bytes, entry);
    if (!text) throw new Error("no message");
    this.onText(text);
  }

  /** What is damaged there can't be shown, and what follows builds on it. */
  endAt(/** @type {number} */ index) {
    this.entries.length = index;
    this.length = this.entries.at(-1)?.at ?? 0;
    this.onState("cut", "The film is damaged here; it plays as far as it goes.");
  }

  /** Films take no commands. @param {object} _message */
  send(_message) {
    return false;
  }

  stop() {
    this.pause();
  }
}
