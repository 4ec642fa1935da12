/** All pathways of a brain as curves, with what travels on them. */

import { curve, pointOn } from "./curves.js";

const BINS = 64;
const BINS_PER_S = 44;
const MOST_AT_ONCE = 4;

export class Tracts {
  /**
   * @param {import("../model/brain.js").Pathway[]} pathways
   * @param {import("../model/brain.js").Region[]} stands
   */
  constructor(pathways, stands) {
    /** @type {Map<string, number>} */
    const lanes = new Map();
    this.curves = pathways.map(({ source, target }) => {
      const key = `${source}>${target}`;
      const lane = lanes.get(key) ?? 0;
      lanes.set(key, lane + 1);
      return curve(stands[source], stands[target], lane);
    });
    this.bins = BINS;
    this.pulses = new Uint8Array(BINS * pathways.length);
    this.sent = new Float64Array(pathways.length).fill(-1);
    this.peaks = new Float32Array(pathways.length).fill(1);
    this.widths = pathways.map(() => 0.2);
    /** @type {number[][]} */
    this.colours = pathways.map(() => [1, 1, 1]);
    this.newest = 0;
    this.chosen = -1;
    this.changed = true;
  }

  /** Spikes set out. @param {number} row @param {number} count */
  send(row, count) {
    const peak = (this.peaks[row] = Math.max(1, this.peaks[row] * 0.99, count));
    const height = 255 * Math.sqrt(count / peak);
    // All bins since the last frame: what comes in a steady stream is drawn as one.
    const last = Math.floor(this.newest);
    for (let bin = Math.max(this.sent[row] + 1, last - MOST_AT_ONCE); bin <= last; bin++) {
      this.pulses[row * BINS + (bin % BINS)] = height;
    }
    this.sent[row] = Math.min(last, this.newest);
  }

  /** Let the pulses travel on. @param {number} ms */
  advance(ms) {
    const before = Math.floor(this.newest);
    this.newest += Math.min(0.2, ms / 1000) * BINS_PER_S;
    const rows = this.curves.length;
    for (let bin = before + 1; bin <= Math.floor(this.newest); bin++) {
      for (let row = 0; row < rows; row++) this.pulses[row * BINS + (bin % BINS)] = 0;
    }
    // Shaders count in floats of few digits.
    if (this.newest > 64 * BINS) {
      this.newest -= 63 * BINS;
      this.sent.fill(Math.floor(this.newest));
    }
  }

  /** @param {number} row @param {number} width in [0, 1] @param {number[]} colour */
  dress(row, width, colour) {
    const same = Math.abs(this.widths[row] - width) < 0.004 && this.colours[row] === colour;
    if (same) return;
    this.widths[row] = width;
    this.colours[row] = colour;
    this.changed = true;
  }

  /**
   * The pathway that is drawn nearest to a point of the view.
   * @param {import("./camera.js").Camera} camera
   * @param {number} x @param {number} y @param {number} width @param {number} height pixels
   * @returns {{row: number, far: number}}
   */
  nearest(camera, x, y, width, height) {
    const seen = new Float32Array(3);
    let best = { row: -1, far: Infinity };
    this.curves.forEach((points, row) => {
      for (let t = 0.04; t < 0.97; t += 0.02) {
        camera.project(pointOn(points, t), 0, width, height, seen);
        const far = Math.hypot(seen[0] - x, seen[1] - y);
        if (far < best.far) best = { row, far };
      }
    });
    return best;
  }
}
