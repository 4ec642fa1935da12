/** A camera that orbits a target: angles, distance, and what it sees. */

import { add, cross, dot, lookAt, multiply, perspective, scale } from "./matrix.js";

/** @typedef {import("./matrix.js").Vec3} Vec3 */

const FOV = 0.62;
const STEEPEST = 1.5;
const EASE_MS = 140;
/** Yaw and pitch of the first view. @type {[number, number]} */
const FRONT = [0.2, 0.18];
/** Room around a region, for its name and its handle. */
const ROOM = 1.75;
const BESIDE = 1.35;

export class Camera {
  constructor() {
    this.aspect = 1;
    this.smooth = true;
    /** Where it is going, and where it is: yaw, pitch, distance, x, y, z. */
    this.goal = [...FRONT, 12, 0, 0, 0];
    this.fit([]);
  }

  /** Let it look at some spheres from the front. @param {{centre: number[], radius: number}[]} spheres */
  fit(spheres) {
    this.spheres = spheres;
    this.reset();
    this.now = [...this.goal];
    this.update();
  }

  /** Go to where all spheres are in sight, as near as can be. */
  reset() {
    const list = this.spheres?.length ? this.spheres : [{ centre: [0, 0, 0], radius: 3 }];
    const { away, right, up } = axesOf(...FRONT);
    const along = (/** @type {Vec3} */ axis) => list.map(({ centre }) => dot(/** @type {Vec3} */ (centre), axis));
    const middle = (/** @type {Vec3} */ axis) => {
      const at = along(axis);
      const low = Math.min(...at.map((x, i) => x - list[i].radius));
      const high = Math.max(...at.map((x, i) => x + list[i].radius));
      return [(low + high) / 2, (high - low) / 2];
    };
    const [[x, halfX], [y, halfY], [z, halfZ]] = [middle(right), middle(up), middle(away)];
    this.radius = Math.max(halfX, halfY, halfZ);
    const tall = Math.tan(FOV / 2);
    const depths = along(away);
    const needed = list.map(({ radius }, i) => {
      const [wide, high] = [Math.abs(along(right)[i] - x), Math.abs(along(up)[i] - y)];
      return depths[i] - z + Math.max((wide + BESIDE * radius) / (tall * this.aspect), (high + ROOM * radius) / tall);
    });
    this.homeDistance = Math.max(...needed);
    const home = add(add(scale(right, x), up, y), away, z);
    this.goal = [...FRONT, this.homeDistance, ...home];
  }

  /** @param {number} aspect width / height of what is drawn on */
  setAspect(aspect) {
    if (!Number.isFinite(aspect) || Math.abs(aspect - this.aspect) < 1e-3) return;
    this.aspect = aspect;
    // Nearer or farther in the same measure, so that the view stays what it was.
    const [before, goal] = [this.homeDistance, [...this.goal]];
    this.reset();
    const change = this.homeDistance / before;
    const untouched = goal[2] === before;
    this.goal = untouched ? this.goal : [goal[0], goal[1], goal[2] * change, ...goal.slice(3)];
    this.now = [...this.goal];
    this.update();
  }

  /** @param {number} yaw @param {number} pitch radians */
  orbit(yaw, pitch) {
    this.goal[0] += yaw;
    this.goal[1] = Math.max(-STEEPEST, Math.min(STEEPEST, this.goal[1] + pitch));
  }

  /** @param {number} factor below 1 comes nearer */
  zoom(factor) {
    const [low, high] = [this.homeDistance * 0.06, this.homeDistance * 3];
    this.goal[2] = Math.max(low, Math.min(high, this.goal[2] * factor));
  }

  /** Move across the view. @param {number} right @param {number} up in parts of its height */
  pan(right, up) {
    const span = 2 * this.goal[2] * Math.tan(FOV / 2);
    for (let k = 0; k < 3; k++) {
      this.goal[3 + k] += span * (right * this.right[k] + up * this.up[k]);
    }
  }

  /** @param {Vec3} point @param {number} distance */
  lookTo(point, distance) {
    this.goal = [this.goal[0], this.goal[1], distance, ...point];
  }

  /** Go on towards the goal. @param {number} ms since the last call @returns {boolean} whether it moved */
  advance(ms) {
    const part = this.smooth ? 1 - Math.exp(-ms / EASE_MS) : 1;
    let moved = 0;
    for (let k = 0; k < 6; k++) {
      const step = (this.goal[k] - this.now[k]) * part;
      this.now[k] += step;
      moved = Math.max(moved, Math.abs(step));
    }
    if (moved < 1e-5) return false;
    this.update();
    return true;
  }

  update() {
    const [yaw, pitch, distance, x, y, z] = this.now;
    /** @type {Vec3} */
    const target = [x, y, z];
    const { away, right, up } = axesOf(yaw, pitch);
    this.right = right;
    this.up = up;
    this.eye = add(target, away, distance);
    this.view = lookAt(this.eye, target, [0, 1, 0]);
    this.projection = perspective(FOV, this.aspect, distance * 0.02, distance * 10);
    this.matrix = multiply(this.projection, this.view);
    /** Pixels a unit of length has at a depth of 1, for a view 1 pixel high. */
    this.focal = 1 / (2 * Math.tan(FOV / 2));
  }

  /**
   * Where a point is seen.
   * @param {ArrayLike<number>} points @param {number} at index of its x
   * @param {number} width @param {number} height of the view
   * @param {Float32Array} out x, y in pixels from the top left; depth, negative behind the camera
   */
  project(points, at, width, height, out) {
    const m = this.matrix;
    const [x, y, z] = [points[at], points[at + 1], points[at + 2]];
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    out[0] = ((m[0] * x + m[4] * y + m[8] * z + m[12]) / w + 1) * 0.5 * width;
    out[1] = (1 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w) * 0.5 * height;
    out[2] = w;
    return out;
  }
}

/** Unit vectors to the eye, to the right and up. */
function axesOf(/** @type {number} */ yaw, /** @type {number} */ pitch) {
  /** @type {Vec3} */
  const away = [Math.sin(yaw) * Math.cos(pitch), Math.sin(pitch), Math.cos(yaw) * Math.cos(pitch)];
  /** @type {Vec3} */
  const right = [Math.cos(yaw), 0, -Math.sin(yaw)];
  return { away, right, up: cross(away, right) };
}
