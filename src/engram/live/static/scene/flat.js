/** Draws the same pictures on a plain canvas, for browsers without WebGL2. */

import { pointOn } from "./curves.js";

/** @typedef {import("./renderer.js").Picture} Picture */
/** @typedef {import("./renderer.js").Look} Look */

const STEPS = 24;

const css = (/** @type {number[]} */ rgb, /** @type {number} */ alpha) =>
  `rgba(${rgb.map((x) => Math.round(255 * x)).join(",")},${alpha.toFixed(3)})`;

export class FlatRenderer {
  /** @param {HTMLCanvasElement} canvas @throws {Error} if it has no 2D context either */
  constructor(canvas) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no canvas");
    this.context = context;
    this.canvas = canvas;
    this.software = true;
    this.kind = "plain canvas";
    this.seen = new Float32Array(3);
  }

  /** Pixels. @param {number} width @param {number} height */
  resize(width, height) {
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  begin() {
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /**
   * @param {Picture} picture @param {Look} look
   * @param {import("./renderer.js").Part} part @param {import("./camera.js").Camera} camera
   */
  draw(picture, look, part, camera) {
    const { context, canvas } = this;
    const view = { left: part.x * canvas.width, width: part.width * canvas.width, height: canvas.height };
    context.save();
    context.beginPath();
    context.rect(view.left, 0, view.width, view.height);
    context.clip();
    context.translate(view.left, 0);
    context.globalCompositeOperation = look.solid ? "source-over" : "lighter";
    this.ribbons(picture.tracts, look, view, camera);
    for (const strokes of [picture.dendrites, picture.arcs, picture.changes]) {
      this.strokes(strokes, look, view, camera);
    }
    this.neurons(picture.cloud, look, view, camera);
    context.restore();
  }

  ribbons(
    /** @type {import("./tracts.js").Tracts} */ tracts,
    /** @type {Look} */ look,
    /** @type {{width: number, height: number}} */ view,
    /** @type {import("./camera.js").Camera} */ camera,
  ) {
    const { context, seen } = this;
    tracts.curves.forEach((points, row) => {
      let last = null;
      for (let k = 0; k <= STEPS; k++) {
        const t = k / STEPS;
        camera.project(pointOn(points, t), 0, view.width, view.height, seen);
        const here = [seen[0], seen[1]];
        const age = Math.floor(tracts.newest - t * tracts.bins * 0.72 + 4 * tracts.bins) % tracts.bins;
        const pulse = tracts.pulses[row * tracts.bins + age] / 255;
        if (last) {
          context.lineWidth = (tracts.widths[row] * 0.6 + 0.06) * 0.34 * ((view.height * look.focal) / seen[2]);
          const chosen = row === tracts.chosen ? 0.25 : 0;
          context.strokeStyle = css(tracts.colours[row], (0.12 + chosen + 0.5 * pulse) * look.breath);
          context.beginPath();
          context.moveTo(last[0], last[1]);
          context.lineTo(here[0], here[1]);
          context.stroke();
        }
        last = here;
      }
    });
  }

  strokes(
    /** @type {import("./strokes.js").Strokes} */ strokes,
    /** @type {Look} */ look,
    /** @type {{width: number, height: number}} */ view,
    /** @type {import("./camera.js").Camera} */ camera,
  ) {
    const { context, seen } = this;
    context.lineWidth = look.pixel;
    for (let i = 0; i < strokes.count; i += 2) {
      const paint = strokes.paint.subarray(4 * i, 4 * i + 4);
      context.strokeStyle = css([paint[0] / 255, paint[1] / 255, paint[2] / 255], (paint[3] / 255) * look.breath);
      context.beginPath();
      camera.project(strokes.places, 3 * i, view.width, view.height, seen);
      context.moveTo(seen[0], seen[1]);
      camera.project(strokes.places, 3 * i + 3, view.width, view.height, seen);
      context.lineTo(seen[0], seen[1]);
      context.stroke();
    }
  }

  neurons(
    /** @type {import("./cloud.js").Cloud} */ cloud,
    /** @type {Look} */ look,
    /** @type {{width: number, height: number}} */ view,
    /** @type {import("./camera.js").Camera} */ camera,
  ) {
    const { context, seen } = this;
    for (let i = 0; i < cloud.count; i++) {
      if (!cloud.kind[4 * i + 1]) continue;
      camera.project(cloud.places, 3 * i, view.width, view.height, seen);
      const glow = cloud.level[i];
      const body = (view.height * look.focal * cloud.size * cloud.kind[4 * i + 2]) / 255 / seen[2];
      const size = Math.max(1.5 * look.pixel, body) * (1 + 0.6 * glow);
      const inhibits = cloud.kind[4 * i] > 0;
      const colour = cloud.state[4 * i + 2] ? look.colours.born : inhibits ? look.colours.inhibits : look.colours.excites;
      context.fillStyle = css(colour, (look.rest + (1 - look.rest) * glow) * look.breath);
      context.fillRect(seen[0] - size / 2, seen[1] - size / 2, size, size);
      if (cloud.state[4 * i + 3]) {
        context.strokeStyle = css(look.colours.marks, 1);
        context.strokeRect(seen[0] - size, seen[1] - size, 2 * size, 2 * size);
      }
    }
  }
}
