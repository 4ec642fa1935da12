/** A grid to paint on, by mouse, touch or keys. */

import { h, say } from "../ui/dom.js";

const MOST_CELLS = 1024;
const WIDE_PX = 240;

export class PaintGrid {
  constructor() {
    this.amount = 1;
    this.wiping = false;
    this.canvas = h("canvas", {
      class: "eg-paint",
      tabindex: "0",
      role: "application",
      "aria-label": "Grid of neurons. Arrow keys move, space paints, delete wipes a cell.",
      onpointerdown: (/** @type {PointerEvent} */ e) => {
        this.canvas.setPointerCapture(e.pointerId);
        this.wiping = e.button === 2 || e.shiftKey;
        this.stroke(e);
      },
      onpointermove: (/** @type {PointerEvent} */ e) => e.buttons && this.stroke(e),
      oncontextmenu: (/** @type {Event} */ e) => e.preventDefault(),
      onkeydown: (/** @type {KeyboardEvent} */ e) => this.key(e),
      onfocus: () => this.draw(),
      onblur: () => this.draw(),
    });
    this.words = h("p", { class: "eg-quiet", "aria-live": "polite" });
    this.element = h("div", {}, this.canvas, this.words);
    this.shape(1);
  }

  /** @param {number} count neurons @param {number} [columns] */
  shape(count, columns) {
    if (count === this.count) return;
    this.count = count;
    /** Neurons a cell stands for. */
    this.perCell = Math.ceil(count / MOST_CELLS);
    const cells = Math.ceil(count / this.perCell);
    this.columns = columns ?? Math.ceil(Math.sqrt(cells));
    this.rows = Math.ceil(cells / this.columns);
    this.values = new Float32Array(cells);
    this.cursor = 0;
    this.draw();
  }

  wipe() {
    this.values.fill(0);
    this.draw();
  }

  stroke(/** @type {PointerEvent} */ event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.rows);
    if (column < 0 || row < 0 || column >= this.columns || row >= this.rows) return;
    this.set(row * this.columns + column, this.wiping ? 0 : this.amount);
  }

  set(/** @type {number} */ cell, /** @type {number} */ value) {
    if (cell >= this.values.length) return;
    this.values[cell] = value;
    this.draw();
  }

  key(/** @type {KeyboardEvent} */ event) {
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns };
    const move = moves[event.key];
    if (move) this.cursor = Math.max(0, Math.min(this.values.length - 1, this.cursor + move));
    else if (event.key === " ") this.set(this.cursor, this.values[this.cursor] ? 0 : this.amount);
    else if (event.key === "Delete" || event.key === "Backspace") this.set(this.cursor, 0);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.draw();
  }

  draw() {
    const cell = Math.max(4, Math.floor(WIDE_PX / this.columns));
    this.canvas.width = this.columns * cell;
    this.canvas.height = this.rows * cell;
    const context = this.canvas.getContext("2d");
    const style = getComputedStyle(this.canvas);
    const [empty, full] = ["--eg-cell", "--eg-warm"].map((name) => style.getPropertyValue(name).trim() || "gray");
    const at = (/** @type {number} */ i) => [(i % this.columns) * cell, Math.floor(i / this.columns) * cell];
    this.values.forEach((value, i) => {
      const [x, y] = at(i);
      context.globalAlpha = 1;
      context.fillStyle = empty;
      context.fillRect(x, y, cell - 1, cell - 1);
      context.globalAlpha = value;
      context.fillStyle = full;
      context.fillRect(x, y, cell - 1, cell - 1);
    });
    context.globalAlpha = 1;
    if (document.activeElement !== this.canvas) return;
    const [x, y] = at(this.cursor);
    context.strokeStyle = full;
    context.lineWidth = 2;
    context.strokeRect(x + 1, y + 1, cell - 3, cell - 3);
    say(this.words, `Neuron ${this.cursor * this.perCell}: ${this.values[this.cursor].toFixed(2)}`);
  }

  /** @returns {{neurons: number[], amount: number[]}} */
  painted() {
    const neurons = [];
    const amount = [];
    for (let slot = 0; slot < this.count; slot++) {
      const value = this.values[Math.floor(slot / this.perCell)];
      if (value <= 0) continue;
      neurons.push(slot);
      amount.push(Number(value.toFixed(3)));
    }
    return { neurons, amount };
  }
}
