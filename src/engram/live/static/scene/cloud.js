/** All neurons of a brain as arrays that a renderer draws, and how they light up and fade. */

/** No point brightens more often than this, so that nothing flashes above 3 Hz. */
export const SHORTEST_CYCLE_MS = 345;
const HOLD_MS = 50;
/** Where more than this share of a region lights up within a tenth of a second, it was a flash: for one
 * cycle others stay as they are. Neurons that fire at any time reach 29 % at most. */
const TOGETHER = 0.32;
const TOGETHER_MS = 100;
const BORN_MS = 5000;
const DYING_MS = 2500;

/** Room for newborns, so that arrays need not be made anew at each birth. */
const spare = (/** @type {import("../model/brain.js").Region} */ region) =>
  region.perPoint > 1 ? 0 : Math.min(region.max_neurons - region.points, Math.max(24, region.points >> 2));

export class Cloud {
  /** @param {import("../model/brain.js").Region[]} regions */
  constructor(regions) {
    this.offsets = [0];
    for (const region of regions) {
      const before = /** @type {number} */ (this.offsets.at(-1));
      this.offsets.push(before + region.points + Math.max(0, spare(region)));
    }
    this.count = /** @type {number} */ (this.offsets.at(-1));
    this.places = new Float32Array(3 * this.count);
    /** Glow, difference from the twin, born, mark: 0 to 255. */
    this.state = new Uint8Array(4 * this.count);
    /** Inhibitory, alive, size, whether a group: 0 to 255. */
    this.kind = new Uint8Array(4 * this.count);
    this.level = new Float32Array(this.count);
    this.onset = new Float32Array(this.count).fill(-1e9);
    this.held = new Float32Array(this.count).fill(-1e9);
    this.perPoint = regions.map((region) => region.perPoint);
    /** Of each region: when what lights up was first counted, how many, and until when none does. */
    this.bursts = regions.map(() => ({ since: -1e9, lit: 0, until: -1e9 }));
    const sizes = regions.map((region) => sizeOf(region.radius, Math.max(region.points, 12)));
    /** Diameter of the largest neuron. */
    this.size = Math.max(0.001, ...sizes);
    regions.forEach((region, i) => this.fill(region, i, sizes[i] / this.size));
    this.kindChanged = this.placesChanged = true;
    /** @type {Map<number, number>} index to the time of its birth */
    this.born = new Map();
    /** @type {Map<number, number>} index to the time of its death */
    this.dying = new Map();
  }

  fill(
    /** @type {import("../model/brain.js").Region} */ region,
    /** @type {number} */ index,
    /** @type {number} */ size,
  ) {
    for (let point = 0; point < region.points; point++) {
      const at = 4 * (this.offsets[index] + point);
      this.kind[at + 2] = Math.max(1, Math.round(255 * size));
      this.kind[at + 3] = region.perPoint > 1 ? 255 : 0;
      this.refresh(region, index, point);
    }
    for (let i = this.offsets[index]; i < this.offsets[index + 1]; i++) this.kind[4 * i + 2] = Math.round(255 * size);
  }

  /** Take kind and place of a point from its region anew. */
  refresh(
    /** @type {import("../model/brain.js").Region} */ region,
    /** @type {number} */ index,
    /** @type {number} */ point,
  ) {
    const i = this.offsets[index] + point;
    let [excitatory, alive] = [0, 0];
    const first = point * region.perPoint;
    const end = Math.min(region.count, first + region.perPoint);
    for (let slot = first; slot < end; slot++) {
      alive += region.alive[slot];
      excitatory += region.excitatory[slot];
    }
    this.kind[4 * i] = 2 * excitatory >= end - first ? 0 : 255;
    this.kind[4 * i + 1] = alive ? 255 : 0;
    for (let k = 0; k < 3; k++) this.places[3 * i + k] = region.centre[k] + (region.places[3 * point + k] ?? 0);
    this.kindChanged = this.placesChanged = true;
  }

  /**
   * Neurons of a region fired since the last call.
   * @param {number} region @param {Uint8Array} counts per point @param {number} now ms
   */
  fire(region, counts, now) {
    const first = this.offsets[region];
    const size = Math.min(counts.length, this.offsets[region + 1] - first);
    const full = Math.sqrt(this.perPoint[region]);
    const burst = this.bursts[region];
    if (now - burst.since > TOGETHER_MS) Object.assign(burst, { since: now, lit: 0 });
    const blocked = now < burst.until;
    for (let k = 0; k < size; k++) {
      if (!counts[k]) continue;
      const i = first + k;
      this.held[i] = now;
      if (blocked || now - this.onset[i] < SHORTEST_CYCLE_MS) continue;
      this.onset[i] = now;
      burst.lit++;
      this.level[i] = Math.max(this.level[i], Math.min(1, counts[k] / full));
    }
    if (!blocked && burst.lit > TOGETHER * size) burst.until = burst.since + SHORTEST_CYCLE_MS;
  }

  /** Let the light fade. @param {number} now ms @param {number} ms since the last call @param {number} tau ms */
  fade(now, ms, tau) {
    const { level, held, state, count } = this;
    const keep = Math.exp(-ms / tau);
    let lit = 0;
    for (let i = 0; i < count; i++) {
      let x = level[i];
      if (x === 0) continue;
      if (now - held[i] > HOLD_MS) x *= keep;
      if (x < 0.012) x = 0;
      else lit++;
      level[i] = x;
      state[4 * i] = 255 * x;
    }
    return lit;
  }

  /** Dim all at once. @param {number} factor */
  dim(factor) {
    for (let i = 0; i < this.count; i++) this.level[i] *= factor;
  }

  /**
   * Slots of a region came to life.
   * @param {import("../model/brain.js").Region} region @param {number[]} slots @param {number} now ms
   * @returns {boolean} whether there was room for all
   */
  birth(region, slots, now) {
    for (const slot of slots) {
      const point = Math.floor(slot / region.perPoint);
      const i = this.offsets[region.index] + point;
      if (i >= this.offsets[region.index + 1]) return false;
      this.refresh(region, region.index, point);
      this.dying.delete(i);
      this.born.set(i, now);
    }
    return true;
  }

  /** Slots of a region died. @param {import("../model/brain.js").Region} region @param {number[]} slots @param {number} now ms */
  death(region, slots, now) {
    for (const slot of slots) {
      const point = Math.floor(slot / region.perPoint);
      this.refresh(region, region.index, point);
      const i = this.offsets[region.index] + point;
      if (!this.kind[4 * i + 1]) this.dying.set(i, now);
    }
  }

  /** Let newborns lose their glow, and the dead vanish. @param {number} now ms */
  age(now) {
    for (const [i, since] of this.born) {
      const left = 1 - (now - since) / BORN_MS;
      this.state[4 * i + 2] = 255 * Math.max(0, left);
      if (left <= 0) this.born.delete(i);
    }
    for (const [i, since] of this.dying) {
      const left = 1 - (now - since) / DYING_MS;
      this.kind[4 * i + 1] = left > 0 ? 70 + 100 * left : 0;
      this.kindChanged = true;
      if (left <= 0) this.dying.delete(i);
    }
    return this.born.size + this.dying.size;
  }

  /** Put a ring around some, and none around the others. @param {Iterable<number>} indices */
  mark(indices) {
    for (let i = 0; i < this.count; i++) this.state[4 * i + 3] = 0;
    for (const i of indices) this.state[4 * i + 3] = 255;
  }

  /** Who differs from a twin: its light against this one's. @param {Cloud|null} other */
  differ(other) {
    if (!other || other.count !== this.count) {
      for (let i = 0; i < this.count; i++) this.state[4 * i + 1] = 0;
      return;
    }
    for (let i = 0; i < this.count; i++) {
      const gap = Math.abs(this.level[i] - other.level[i]);
      const shown = this.state[4 * i + 1];
      this.state[4 * i + 1] = gap > 0.35 ? Math.min(255, shown + 24) : Math.max(0, shown - 8);
    }
  }

  /** Region and slot of a point. @param {number} i @returns {[number, number]} */
  whose(i) {
    let region = 0;
    while (this.offsets[region + 1] <= i) region++;
    return [region, i - this.offsets[region]];
  }
}

/** Diameter of a neuron, so that a region is full but its neurons are apart. */
function sizeOf(/** @type {number} */ radius, /** @type {number} */ count) {
  return Math.min(0.2, Math.max(0.026, (0.5 * radius) / Math.cbrt(count)));
}
