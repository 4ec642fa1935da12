/** Dendrites: short trees at all neurons that have them, the real one at the chosen neuron. */

const MOST_NEURONS = 1500;
const GOLDEN = 2.399963;
/** Angle between branches of a fork. */
const FORK = 0.42;

/** @typedef {{from: number[], to: number[], colour: number[], alpha: number, end?: number}} Segment */

/**
 * Sketches of trees, for regions with dendrites.
 * @param {import("../model/brain.js").Region[]} regions
 * @param {import("./cloud.js").Cloud} cloud
 * @param {import("./looks.js").Theme} theme
 * @returns {Segment[]}
 */
export function dendritesOf(regions, cloud, theme) {
  /** @type {Segment[]} */
  const out = [];
  const colour = theme.colours.faint;
  const alpha = theme.dark ? 0.34 : 0.4;
  for (const region of regions) {
    if (!region.dendrites || region.perPoint > 1 || region.points > MOST_NEURONS) continue;
    const reach = 0.85 * region.radius / Math.cbrt(Math.max(20, region.points));
    for (let slot = 0; slot < region.count; slot++) {
      if (!region.alive[slot]) continue;
      const i = cloud.offsets[region.index] + slot;
      out.push(...sketch([...cloud.places.subarray(3 * i, 3 * i + 3)], region, slot, reach, colour, alpha));
    }
  }
  return out;
}

/** An apical trunk that leads outward and forks, and two basal branches. @returns {Segment[]} */
function sketch(
  /** @type {number[]} */ at,
  /** @type {import("../model/brain.js").Region} */ region,
  /** @type {number} */ slot,
  /** @type {number} */ reach,
  /** @type {number[]} */ colour,
  /** @type {number} */ alpha,
) {
  const out = at.map((x, k) => x - region.centre[k]);
  const far = Math.hypot(...out) || 1;
  const axis = out.map((x) => x / far);
  const turn = slot * GOLDEN;
  const side = [Math.cos(turn) * axis[1], Math.sin(turn) * axis[2] - Math.cos(turn) * axis[0], -Math.sin(turn) * axis[1]];
  const to = (/** @type {number} */ a, /** @type {number} */ b) => at.map((x, k) => x + reach * (a * axis[k] + b * side[k]));
  const fork = to(0.75, 0.1);
  return [
    { from: at, to: fork, colour, alpha },
    { from: fork, to: to(1.3, 0.45), colour, alpha, end: 0 },
    { from: fork, to: to(1.35, -0.25), colour, alpha, end: 0 },
    { from: at, to: to(-0.35, 0.5), colour, alpha, end: 0 },
    { from: at, to: to(-0.3, -0.5), colour, alpha, end: 0 },
  ];
}

/**
 * The tree of a neuron, drawn to the length of its compartments; those of parent -1 begin at the soma.
 * @param {{parent: number[], length: number[]}|null} tree
 * @param {number[]} at @param {import("../model/brain.js").Region} region
 * @param {import("./looks.js").Theme} theme
 * @returns {Segment[]}
 */
export function treeOf(tree, at, region, theme) {
  if (!tree) return [];
  const size = (0.8 * region.radius) / Math.max(1, ...depths(tree));
  const [stems, forks] = [tree.parent.filter((parent) => parent < 0).length, tree.parent.map(() => 0)];
  /** @type {number[][]} */
  const ends = [];
  /** @type {number[]} */
  const heading = [];
  /** @type {Segment[]} */
  const out = [];
  let stem = 0;
  tree.parent.forEach((parent, k) => {
    const from = parent < 0 ? at : ends[parent];
    // The first goes up, others from the soma share the rest of the circle.
    if (parent < 0) heading[k] = Math.PI / 2 + (2 * Math.PI * stem++) / stems;
    else heading[k] = heading[parent] + FORK * [0, 1, -1][forks[parent]++ % 3];
    const step = size * tree.length[k];
    ends[k] = [from[0] + step * Math.cos(heading[k]), from[1] + step * Math.sin(heading[k]), from[2]];
    out.push({ from, to: ends[k], colour: theme.colours.marks, alpha: 0.85 });
  });
  return out;
}

/** How far each compartment's end is from the soma. */
function depths(/** @type {{parent: number[], length: number[]}} */ tree) {
  /** @type {number[]} */
  const out = [];
  tree.parent.forEach((parent, k) => {
    out[k] = (parent < 0 ? 0 : out[parent]) + tree.length[k];
  });
  return out;
}
