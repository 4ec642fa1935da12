/** What is wrong, across the page: no connection, no WebGL, errors; and the notice on flashing. */

import { h, say } from "./dom.js";
import { button } from "./fields.js";

const TOLD_MS = 7000;

export class Banner {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.words = h("span", { class: "eg-banner-words" });
    this.again = button("Try now", () => app.session.source.retry?.());
    this.state = h("div", { class: "eg-banner", role: "alert", hidden: true }, this.words, this.again);
    this.told = h("div", { class: "eg-banner eg-banner-told", role: "alert", hidden: true });
    this.notice = h(
      "div",
      { class: "eg-banner eg-banner-notice", role: "note", hidden: app.prefs.values.noticed },
      h("span", {}, "This page shows moving lights. It is made so that no region flashes more than three times a second; the calm mode makes changes gentler."),
      button("Calm mode", () => this.noticed(true)),
      button("All right", () => this.noticed(null)),
    );
    this.element = h("div", { class: "eg-banners" }, this.state, this.told, this.notice);
    app.session.on("state", (state, words) => this.show(state, words));
    app.scene.on("broken", (words) => (words ? this.tell(words) : (this.told.hidden = true)));
    if (!app.scene.renderer) {
      this.tell("This browser can draw neither with WebGL nor on a canvas. Figures and controls work; the picture stays empty.", true);
    } else if (app.scene.renderer.kind === "plain canvas") {
      this.tell("This browser has no WebGL2: the picture is drawn on a plain canvas, more simply.");
    }
  }

  noticed(/** @type {boolean|null} */ calm) {
    this.app.prefs.set({ noticed: true, calm: calm ?? this.app.prefs.values.calm });
    this.notice.hidden = true;
  }

  show(/** @type {string} */ state, /** @type {string} */ words) {
    const well = state === "connected" || state === "film";
    this.state.hidden = well;
    this.state.dataset.state = state;
    this.again.hidden = !(state === "lost" || state === "stopped");
    say(this.words, words);
    // A film that was cut off plays.
    this.app.element?.classList.toggle("eg-off", !well && state !== "cut");
  }

  /** @param {string} words @param {boolean} [stays] */
  tell(words, stays = false) {
    say(this.told, words);
    this.told.hidden = false;
    clearTimeout(this.timer);
    if (!stays) this.timer = setTimeout(() => (this.told.hidden = true), TOLD_MS);
  }
}
