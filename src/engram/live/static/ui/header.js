/** The line on top: what brain it is, what it does, how fast; theme and calm. */

import { h, say } from "./dom.js";
import { button } from "./fields.js";
import { clock, whole } from "./format.js";

const EVERY_MS = 200;
const THEMES = /** @type {("auto"|"dark"|"light")[]} */ (["auto", "dark", "light"]);

export class Header {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.last = -Infinity;
    this.title = h("span", { class: "eg-title" });
    this.state = h("span", { class: "eg-chip", "data-state": "connecting" }, "connecting");
    this.figures = ["time", "speed", "neurons", "synapses"].map((name) => h("dd", { "data-figure": name }, "–"));
    const words = ["time", "× real time", "neurons", "synapses"];
    this.theme = button("", () => this.turnTheme(), { class: "eg-button eg-quiet-button", "data-do": "theme" });
    this.calm = button("Calm", () => app.prefs.set({ calm: !app.prefs.calm }), { class: "eg-button eg-quiet-button", "data-do": "calm", title: "Gentler changes of light" });
    this.element = h(
      "header",
      { class: "eg-header" },
      h("h1", { class: "eg-brand" }, "Engram", this.title),
      this.state,
      h("dl", { class: "eg-figures" }, ...this.figures.map((figure, i) => h("div", {}, figure, h("dt", {}, words[i])))),
      h("div", { class: "eg-tools" }, ...this.sides(), this.theme, this.calm),
    );
    app.prefs.on("change", () => this.prefs());
    app.session.on("hello", (hello) => this.call(hello.title));
    app.session.on("settings", (brain) => brain.number === 0 && this.call(brain.settings.title ?? app.session.hello.title));
    app.session.on("state", () => (this.last = -Infinity));
    this.prefs();
  }

  /** Say whose page it is. @param {string} title */
  call(title) {
    say(this.title, title === "Engram" ? "" : title);
  }

  /** Buttons that fold the sides away. */
  sides() {
    const sides = this.app.session.source.canSend ? ["Controls", "Panels"] : ["Panels"];
    return sides.map((name) => {
      const key = name.toLowerCase();
      const flip = () => {
        const hidden = this.app.element.classList.toggle(`eg-no-${key}`);
        fold.setAttribute("aria-expanded", String(!hidden));
      };
      const fold = button(name, flip, { class: "eg-button eg-quiet-button", "aria-expanded": "true", "aria-controls": `eg-${key}`, "data-do": `fold-${key}` });
      return fold;
    });
  }

  turnTheme() {
    const { prefs } = this.app;
    prefs.set({ theme: THEMES[(THEMES.indexOf(prefs.values.theme) + 1) % THEMES.length] });
  }

  prefs() {
    const { prefs } = this.app;
    const { theme } = prefs.values;
    say(this.theme, `Theme: ${theme}`);
    this.calm.setAttribute("aria-pressed", String(prefs.calm));
  }

  /** @param {number} now */
  turn(now) {
    if (now - this.last < EVERY_MS) return;
    this.last = now;
    const { session } = this.app;
    const frame = session.brain?.frame;
    const state = stateOf(session, frame);
    say(this.state, state);
    this.state.dataset.state = state;
    if (!frame) return;
    const speed = frame.running ? (frame.speed >= 10 ? frame.speed.toFixed(0) : frame.speed.toPrecision(2)) : "0";
    [clock(frame.time), speed, whole(frame.neurons), whole(frame.synapses)].forEach((text, i) => say(this.figures[i], text));
  }
}

/** One word for what goes on. */
function stateOf(/** @type {any} */ session, /** @type {import("../model/wire.js").Frame|null|undefined} */ frame) {
  if (session.state === "film" || session.state === "cut") return frame?.asleep ? "film, asleep" : "film";
  if (session.state !== "connected") return session.state;
  if (!frame) return session.brain?.settings.running ? "awake" : "paused";
  if (!frame.running) return "paused";
  if (frame.replaying) return "replaying";
  return frame.asleep ? "asleep" : "awake";
}
