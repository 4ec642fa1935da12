/** The curves that pathways follow between regions. */

import { add, cross, normalize, scale, subtract } from "./matrix.js";

/** @typedef {import("./matrix.js").Vec3} Vec3 */
/** @typedef {{centre: number[], radius: number}} Stand a region */

/**
 * Four control points of a cubic curve from a region to another, or around one.
 * @param {Stand} from @param {Stand} to
 * @param {number} lane tells parallel pathways apart: 0, 1, 2...
 * @returns {Vec3[]}
 */
export function curve(from, to, lane) {
  return from === to ? loop(from, lane) : arch(from, to, lane);
}

/** @returns {Vec3[]} */
function arch(/** @type {Stand} */ from, /** @type {Stand} */ to, /** @type {number} */ lane) {
  const along = normalize(subtract(to.centre, from.centre));
  const side = normalize(cross(along, [0, 0, 1]));
  const far = Math.hypot(...subtract(to.centre, from.centre));
  const lift = (0.16 + 0.1 * lane) * far;
  /** @type {Vec3} */
  const bend = add(scale(side, lift), [0, 0, 1], 0.35 * lift + 0.12 * lane);
  const start = add(add(from.centre, along, 0.62 * from.radius), bend, 0.35);
  const end = add(add(to.centre, along, -0.72 * to.radius), bend, 0.35);
  const reach = 0.36 * far;
  return [start, add(add(start, along, reach), bend), add(add(end, along, -reach), bend), end];
}

/** A handle above a region: its own wiring. @returns {Vec3[]} */
function loop(/** @type {Stand} */ region, /** @type {number} */ lane) {
  const r = region.radius * (1.0 + 0.12 * lane);
  const [x, y, z] = region.centre;
  const wide = 0.52 * r;
  return [
    [x - wide, y + 0.7 * r, z],
    [x - 1.15 * r, y + 1.62 * r, z + 0.3 * r],
    [x + 1.15 * r, y + 1.62 * r, z + 0.3 * r],
    [x + wide, y + 0.7 * r, z],
  ];
}

/** A point of a cubic curve. @param {Vec3[]} c @param {number} t in [0, 1] @returns {Vec3} */
export function pointOn(c, t) {
  const s = 1 - t;
  const [a, b, d, e] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  return [0, 1, 2].map((k) => a * c[0][k] + b * c[1][k] + d * c[2][k] + e * c[3][k]);
}
