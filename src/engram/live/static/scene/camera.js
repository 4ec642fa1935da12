/** A camera that orbits a target: angles, distance, and what it sees. */

import { add, cross, lookAt, multiply, normalize, perspective, subtract } from "./matrix.js";

/** @typedef {import("./matrix.js").Vec3} Vec3 */

const FOV = 0.62;
const STEEPEST = 1.5;
const EASE_MS = 140;

export class Camera {
  constructor() {
    /** @type {Vec3} */
    this.home = [0, 0, 0];
    this.homeDistance = 12;
    /** Where it is, and where it is going: yaw, pitch, distance, x, y, z. */
    this.now = [0.22, 0.2, 12, 0, 0, 0];
    this.goal = [...this.now];
    this.aspect = 1;
    this.smooth = true;
    this.update();
  }

  /** Let it look at a sphere from the front. @param {Vec3} centre @param {number} radius */
  fit(centre, radius) {
    this.home = centre;
    this.radius = radius;
    this.homeDistance = this.fitting();
    this.reset();
    this.now = [...this.goal];
    this.update();
  }

  /** The distance at which the sphere of `fit` is all in sight. */
  fitting() {
    const half = Math.min(FOV / 2, Math.atan(Math.tan(FOV / 2) * this.aspect));
    return (this.radius ?? 4) / Math.sin(half);
  }

  reset() {
    this.homeDistance = this.fitting();
    this.goal = [0.22, 0.2, this.homeDistance, ...this.home];
  }

  /** @param {number} aspect width / height of what is drawn on */
  setAspect(aspect) {
    if (!Number.isFinite(aspect) || Math.abs(aspect - this.aspect) < 1e-3) return;
    const before = this.fitting();
    this.aspect = aspect;
    const change = this.fitting() / before;
    this.goal[2] *= change;
    this.now[2] *= change;
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
    /** @type {Vec3} */
    const away = [
      Math.sin(yaw) * Math.cos(pitch),
      Math.sin(pitch),
      Math.cos(yaw) * Math.cos(pitch),
    ];
    this.eye = add(target, away, distance);
    this.view = lookAt(this.eye, target, [0, 1, 0]);
    this.projection = perspective(FOV, this.aspect, distance * 0.02, distance * 10);
    this.matrix = multiply(this.projection, this.view);
    this.forward = normalize(subtract(target, this.eye));
    this.right = normalize(cross(this.forward, [0, 1, 0]));
    this.up = cross(this.right, this.forward);
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
