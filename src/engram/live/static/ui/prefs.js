/** What the viewer prefers: theme and calm, kept in this browser. */

import { Emitter } from "../model/emitter.js";

const KEY = "engram-live";

/** Emits: change(). */
export class Prefs extends Emitter {
  constructor() {
    super();
    /** @type {{theme: "auto"|"dark"|"light", calm: boolean|null, noticed: boolean}} */
    this.values = { theme: "auto", calm: null, noticed: false };
    try {
      Object.assign(this.values, JSON.parse(localStorage.getItem(KEY) ?? "{}"));
    } catch {
      // A page from a disk may have no storage; then nothing is kept.
    }
    this.light = matchMedia("(prefers-color-scheme: light)");
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    for (const query of [this.light, this.still]) query.addEventListener("change", () => this.emit("change"));
  }

  get dark() {
    return this.values.theme === "auto" ? !this.light.matches : this.values.theme === "dark";
  }

  get calm() {
    return this.values.calm ?? this.still.matches;
  }

  /** @param {Partial<Prefs["values"]>} values */
  set(values) {
    Object.assign(this.values, values);
    try {
      localStorage.setItem(KEY, JSON.stringify(this.values));
    } catch {
      // As above.
    }
    this.emit("change");
  }
}
