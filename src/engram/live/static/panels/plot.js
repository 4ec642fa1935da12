/** A canvas for lines, with axes that say little. */

import { h } from "../ui/dom.js";
import { brief } from "../ui/format.js";

export class Plot {
  /** @param {{dark: boolean}} prefs @param {number} height CSS pixels @param {string} label for screen readers */
  constructor(prefs, height, label) {
    this.prefs = prefs;
    this.height = height;
    this.width = 300;
    this.canvas = h("canvas", { class: "eg-plot", role: "img", "aria-label": label });
    this.canvas.style.height = `${height}px`;
    this.context = this.canvas.getContext("2d");
    new ResizeObserver(([entry]) => {
      this.width = Math.max(1, Math.round(entry.contentRect.width));
    }).observe(this.canvas);
  }

  /** Clear it, at the right number of pixels. */
  begin() {
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    this.context.font = "10.5px system-ui, sans-serif";
    return this.context;
  }

  get ink() {
    return this.prefs.dark ? "#9fb0c9" : "#4b5a70";
  }

  get grid() {
    return this.prefs.dark ? "rgba(150,175,215,0.14)" : "rgba(30,50,80,0.13)";
  }

  /** @param {string} words @param {number} x @param {number} y @param {CanvasTextAlign} [align] @param {string} [colour] */
  text(words, x, y, align = "left", colour = this.ink) {
    this.context.textAlign = align;
    this.context.fillStyle = colour;
    this.context.fillText(words, x, y);
  }

  /** Lines at zero and at the top, with the top's value. @param {number} low @param {number} high @param {string} unit */
  scale(low, high, unit) {
    const { context } = this;
    context.fillStyle = this.grid;
    context.fillRect(0, this.height - 1, this.width, 1);
    context.fillRect(0, 12, this.width, 1);
    this.text(`${brief(high)} ${unit}`, 0, 9);
    if (low !== 0) this.text(`${brief(low)} ${unit}`, 0, this.height - 4);
  }

  /** Where a value lies. @param {number} value @param {number} low @param {number} high */
  y(value, low, high) {
    return this.height - 2 - ((value - low) / (high - low || 1)) * (this.height - 15);
  }

  /**
   * @param {ArrayLike<number>} xs in [0, 1] @param {ArrayLike<number>} ys
   * @param {number} low @param {number} high @param {string} colour @param {number[]} [dash]
   */
  line(xs, ys, low, high, colour, dash = []) {
    const { context } = this;
    context.strokeStyle = colour;
    context.lineWidth = 1.4;
    context.lineJoin = "round";
    context.setLineDash(dash);
    context.beginPath();
    let pen = false;
    for (let i = 0; i < xs.length; i++) {
      if (!Number.isFinite(ys[i])) {
        pen = false;
        continue;
      }
      const [x, y] = [xs[i] * this.width, this.y(ys[i], low, high)];
      if (pen) context.lineTo(x, y);
      else context.moveTo(x, y);
      pen = true;
    }
    context.stroke();
    context.setLineDash([]);
  }
}

/** A round number at or above a value. @param {number} x */
export function roundUp(x) {
  if (!(x > 0)) return 0;
  const step = 10 ** Math.floor(Math.log10(x));
  return [1, 2, 5, 10].map((k) => k * step).find((top) => top >= x * 0.999) ?? x;
}
