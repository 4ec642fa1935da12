/** Draw a digit: which neurons answer, and what it is taken for. */

import { h, say } from "../ui/dom.js";
import { Answer, button } from "../ui/fields.js";
import { many } from "../ui/format.js";
import { Panel } from "../ui/panel.js";

const SIDE = 28;
const CELL = 8;
const PEN = 1.5;

/** @param {import("../app.js").App} app */
export function digitsPanel(app) {
  const pad = new Pad(() => wait());
  const label = h("output", { class: "eg-digit", "aria-live": "polite" });
  const scores = h("ol", { class: "eg-scores", "aria-label": "Scores of the digits" });
  const neurons = h("p", { class: "eg-quiet" });
  const answer = new Answer();
  const ask = button("What is it?", () => read(), { class: "eg-button eg-main", "data-do": "digit" });
  const wipe = button("Wipe", () => {
    pad.wipe();
    clear();
  });
  const side = h("div", { class: "eg-digit-side" }, label, scores);
  const panel = new Panel("Digit pad", [h("div", { class: "eg-row" }, pad.canvas, side), h("div", { class: "eg-row" }, ask, wipe), neurons, answer.element], { every: 500 });
  /** @type {any} */
  let timer;
  const show = () => (panel.element.hidden = !app.session.hello.views?.digits || !app.session.source.canSend);
  app.session.on("hello", show);
  show();

  /** The pen rests: ask. */
  function wait() {
    clearTimeout(timer);
    timer = setTimeout(read, 900);
  }

  function clear() {
    clearTimeout(timer);
    say(label, "");
    say(neurons, "");
    scores.replaceChildren();
    app.scene.unmark();
  }

  async function read() {
    clearTimeout(timer);
    const result = await answer.show(app.command("digit", { pixels: pad.values() }));
    if (!result) return;
    say(label, result.label);
    const rows = Object.entries(result.scores);
    // Scores may be logarithms: bars reach from the least to the most.
    const all = rows.map(([, x]) => Number(x));
    const [least, most] = [Math.min(...all), Math.max(...all)];
    scores.replaceChildren(
      ...rows.map(([digit, x]) => {
        const bar = h("span", { class: "eg-bar" });
        bar.style.width = `${(100 * (Number(x) - least)) / (most - least || 1)}%`;
        return h("li", { "data-digit": digit }, h("span", {}, digit), h("span", { class: "eg-bar-track" }, bar));
      }),
    );
    const best = result.neurons.slice(0, 5).map((/** @type {number[]} */ [slot, n]) => `${slot} (${many(n, "spike")})`);
    say(neurons, best.length ? `Neurons that answer most: ${best.join(", ")}.` : "No neuron answers.");
    app.markNeurons(result.region, result.neurons.map((/** @type {number[]} */ [slot]) => slot));
  }
  return panel;
}

/** 28 x 28 pixels to draw on with a soft pen. */
class Pad {
  /** @param {() => void} drawn called when a stroke ends */
  constructor(drawn) {
    this.pixels = new Float32Array(SIDE * SIDE);
    this.cursor = [SIDE / 2, SIDE / 2];
    this.down = false;
    /** @type {[number, number]|null} */
    this.last = null;
    this.drawn = drawn;
    this.canvas = h("canvas", {
      class: "eg-pad",
      width: SIDE * CELL,
      height: SIDE * CELL,
      tabindex: "0",
      role: "application",
      "aria-label": "Pad to draw a digit. Arrow keys move the pen, space sets it down or lifts it, enter asks.",
      onpointerdown: (/** @type {PointerEvent} */ e) => {
        this.canvas.setPointerCapture(e.pointerId);
        this.last = null;
        this.stroke(...this.at(e));
      },
      onpointermove: (/** @type {PointerEvent} */ e) => e.buttons && this.stroke(...this.at(e)),
      onpointerup: () => this.drawn(),
      onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e),
      onfocus: () => this.draw(),
      onblur: () => this.draw(),
    });
    this.draw();
  }

  /** @returns {[number, number]} */
  at(/** @type {PointerEvent} */ event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  }

  stroke(/** @type {number} */ x, /** @type {number} */ y) {
    const [fx, fy] = this.last ?? [x, y];
    const steps = Math.max(1, Math.ceil(2 * Math.hypot(x - fx, y - fy)));
    for (let k = 1; k <= steps; k++) this.dab(fx + ((x - fx) * k) / steps, fy + ((y - fy) * k) / steps);
    this.last = [x, y];
    this.draw();
  }

  dab(/** @type {number} */ x, /** @type {number} */ y) {
    for (let row = Math.max(0, Math.floor(y - 3)); row < Math.min(SIDE, y + 3); row++) {
      for (let column = Math.max(0, Math.floor(x - 3)); column < Math.min(SIDE, x + 3); column++) {
        const far = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const ink = Math.max(0, Math.min(1, PEN + 0.5 - far));
        const i = row * SIDE + column;
        this.pixels[i] = Math.max(this.pixels[i], ink);
      }
    }
  }

  key(/** @type {KeyboardEvent} */ event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (move) this.cursor = this.cursor.map((c, k) => Math.max(0.5, Math.min(SIDE - 0.5, c + move[k])));
    else if (event.key === " ") this.down = !this.down;
    else if (event.key === "Enter") this.drawn();
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (this.down) this.dab(this.cursor[0], this.cursor[1]);
    this.draw();
  }

  wipe() {
    this.pixels.fill(0);
    this.last = null;
    this.down = false;
    this.draw();
  }

  /** Row by row. @returns {number[]} */
  values() {
    return Array.from(this.pixels, (x) => Number(x.toFixed(3)));
  }

  draw() {
    const context = this.canvas.getContext("2d");
    context.fillStyle = "#0a0e16";
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    for (let i = 0; i < this.pixels.length; i++) {
      if (!this.pixels[i]) continue;
      context.fillStyle = `rgba(255, 240, 214, ${this.pixels[i]})`;
      context.fillRect((i % SIDE) * CELL, Math.floor(i / SIDE) * CELL, CELL, CELL);
    }
    if (document.activeElement !== this.canvas) return;
    context.strokeStyle = this.down ? "#e69f00" : "#56b4e9";
    context.lineWidth = 2;
    context.beginPath();
    context.arc(this.cursor[0] * CELL, this.cursor[1] * CELL, 9, 0, 7);
    context.stroke();
  }
}
