/** What comes from a source, as brains that panels and pictures follow. */

import { BrainModel } from "./brain.js";
import { Emitter } from "./emitter.js";
import { readFrame } from "./wire.js";

/** An answer that is an error, with the brain's own words. */
export class Refused extends Error {}

/**
 * Emits: state(state, words), hello(text), structure(brain), settings(brain), history(brain),
 * frame(brain, frame), event(brain, event), world(text), gone(brain number).
 */
export class Session extends Emitter {
  /** @param {any} source */
  constructor(source) {
    super();
    this.source = source;
    /** @type {Map<number, BrainModel>} */
    this.brains = new Map();
    /** @type {any} */
    this.hello = { title: "", owned: true, views: { world: null, digits: false }, pages: 1 };
    /** @type {any} */
    this.world = null;
    this.state = "connecting";
    this.words = "";
    this.counter = 0;
    /** @type {Map<number, {resolve: Function, reject: Function}>} */
    this.waiting = new Map();
    source.onText = (/** @type {any} */ text) => this.takeText(text);
    source.onFrame = (/** @type {ArrayBuffer} */ buffer) => this.takeFrame(buffer);
    source.onState = (/** @type {string} */ state, /** @type {string} */ words) => this.setState(state, words);
  }

  /** The original. */
  get brain() {
    return this.brains.get(0) ?? null;
  }

  start() {
    this.source.start();
  }

  setState(/** @type {string} */ state, /** @type {string} */ words) {
    this.state = state;
    this.words = words;
    if (!["connected", "film", "cut"].includes(state)) {
      for (const { reject } of this.waiting.values()) reject(new Refused("The connection was lost."));
      this.waiting.clear();
    }
    this.emit("state", state, words);
  }

  /**
   * Ask the brain for something.
   * @param {string} name @param {object} [values]
   * @returns {Promise<any>} the result
   */
  command(name, values = {}) {
    const id = ++this.counter;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      if (this.source.send({ id, do: name, ...values })) return;
      this.waiting.delete(id);
      reject(new Refused(this.source.canSend ? "Not connected." : "A film takes no commands."));
    });
  }

  takeFrame(/** @type {ArrayBuffer} */ buffer) {
    const frame = readFrame(buffer);
    const brain = frame && this.brains.get(frame.brain);
    if (!brain?.take(frame)) return;
    // Steps that were asked for may have ended meanwhile.
    if (brain.settings.running !== frame.running) {
      brain.settings.running = frame.running;
      this.emit("settings", brain);
    }
    this.emit("frame", brain, frame);
  }

  takeText(/** @type {any} */ text) {
    if (text.id !== undefined) return this.answer(text);
    const number = text.brain ?? 0;
    if (text.type === "hello") {
      this.hello = text;
      this.brains.clear();
      this.emit("hello", text);
    } else if (text.type === "structure") {
      const brain = this.brains.get(number) ?? new BrainModel(number);
      this.brains.set(number, brain);
      brain.setStructure(text);
      this.emit("structure", brain);
    } else if (text.type === "world") {
      this.world = text;
      this.emit("world", text);
    } else this.tell(text, this.brains.get(number));
  }

  tell(/** @type {any} */ text, /** @type {BrainModel|undefined} */ brain) {
    if (!brain) return;
    if (text.type === "settings") {
      brain.settings = text;
      this.emit("settings", brain);
    } else if (text.type === "history") {
      brain.setHistory(text);
      this.emit("history", brain);
    } else if (text.type === "event") this.takeEvent(text, brain);
  }

  takeEvent(/** @type {any} */ event, /** @type {BrainModel} */ brain) {
    if (event.event === "born" || event.event === "died") brain.liveOrDie(event);
    else if (event.event === "snapshot") brain.snapshots = event.snapshots;
    else if (event.event === "traces") brain.traces = event.traces;
    else if (event.event === "pages") this.hello.pages = event.pages;
    else if (event.event === "twins") this.keepTwins(brain, event.twins);
    this.emit("event", brain, event);
  }

  keepTwins(/** @type {BrainModel} */ brain, /** @type {number[]} */ twins) {
    brain.twins = twins;
    for (const number of [...this.brains.keys()]) {
      if (number === 0 || twins.includes(number)) continue;
      this.brains.delete(number);
      this.emit("gone", number);
    }
  }

  answer(/** @type {any} */ text) {
    const who = this.waiting.get(text.id);
    this.waiting.delete(text.id);
    if (text.error === undefined) who?.resolve(text.result);
    else who?.reject(new Refused(text.error));
  }
}
