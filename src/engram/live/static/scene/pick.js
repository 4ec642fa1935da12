/** Which neurons lie at a point of the view, or within a line drawn on it. */

const NEAR_PX = 11;

/**
 * @param {import("./cloud.js").Cloud} cloud @param {import("./camera.js").Camera} camera
 * @param {number} x @param {number} y @param {number} width @param {number} height pixels
 * @returns {number} index of the living neuron there, -1 if there is none
 */
export function neuronAt(cloud, camera, x, y, width, height) {
  const seen = new Float32Array(3);
  let [best, score] = [-1, Infinity];
  for (let i = 0; i < cloud.count; i++) {
    if (!cloud.kind[4 * i + 1]) continue;
    camera.project(cloud.places, 3 * i, width, height, seen);
    const far = Math.hypot(seen[0] - x, seen[1] - y);
    // Of those that are near, the one in front.
    if (far > NEAR_PX || far + 6 * seen[2] >= score) continue;
    score = far + 6 * seen[2];
    best = i;
  }
  return best;
}

/**
 * @param {import("./cloud.js").Cloud} cloud @param {import("./camera.js").Camera} camera
 * @param {[number, number][]} line @param {number} width @param {number} height
 * @returns {number[]} indices of the living neurons inside
 */
export function neuronsWithin(cloud, camera, line, width, height) {
  const seen = new Float32Array(3);
  const out = [];
  for (let i = 0; i < cloud.count; i++) {
    if (!cloud.kind[4 * i + 1]) continue;
    camera.project(cloud.places, 3 * i, width, height, seen);
    if (seen[2] > 0 && inside(line, seen[0], seen[1])) out.push(i);
  }
  return out;
}

/** Whether a point is inside a polygon (even-odd rule). */
function inside(/** @type {[number, number][]} */ line, /** @type {number} */ x, /** @type {number} */ y) {
  let odd = false;
  for (let a = 0, b = line.length - 1; a < line.length; b = a++) {
    const [[ax, ay], [bx, by]] = [line[a], line[b]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}
