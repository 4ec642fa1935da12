/** What is drawn of one brain: follows the model, keeps the renderers' arrays. */

import { Cloud } from "./cloud.js";
import { pointOn } from "./curves.js";
import { dendritesOf, treeOf } from "./dendrites.js";
import { Strokes } from "./strokes.js";
import { Tracts } from "./tracts.js";

const CHANGE_MS = 3000;
const MOST_CHANGES = 700;
const MOST_NEW = 10;
const MOST_LOST = 5;
const BOW_STEPS = 10;
const ARC_STEPS = 14;

export class Picture {
  /** @param {import("../model/brain.js").BrainModel} brain @param {import("./looks.js").Theme} theme */
  constructor(brain, theme) {
    this.brain = brain;
    this.theme = theme;
    this.dendrites = new Strokes();
    this.arcs = new Strokes();
    this.changes = new Strokes();
    /** @type {{from: number[], to: number[], colour: string, alpha: number, since: number}[]} */
    this.recent = [];
    /** @type {any} the chosen neuron, as the server describes it */
    this.neuron = null;
    this.rebuild();
  }

  rebuild() {
    const { brain } = this;
    this.cloud = new Cloud(brain.regions);
    this.tracts = new Tracts(brain.pathways, brain.regions);
    this.recent = [];
    this.dress();
    this.grow();
  }

  /** Take other colours. @param {import("./looks.js").Theme} theme */
  setTheme(theme) {
    this.theme = theme;
    this.dress();
    this.grow();
    this.choose(this.neuron);
  }

  /** Colours and widths of the ribbons. */
  dress() {
    const { brain, tracts, theme } = this;
    for (const pathway of brain.pathways) {
      const weight = brain.ofPathway(pathway.index, "weight");
      const full = pathway.w_max > 0 ? pathway.w_max : 1;
      const part = Number.isFinite(weight) ? Math.min(1, weight / full) : 0.2;
      const colour = theme.colours[pathway.transmitter] ?? theme.colours.faint;
      tracts.dress(pathway.index, 0.1 + 0.75 * part, colour);
    }
  }

  grow() {
    this.dendrites.set(dendritesOf(this.brain.regions, this.cloud, this.theme));
  }

  /** @param {import("../model/wire.js").Frame} frame @param {number} now ms */
  take(frame, now) {
    const { brain, cloud, tracts } = this;
    for (const [region, counts] of frame.spikes) cloud.fire(region, counts, now);
    for (const { index } of brain.pathways) {
      const sent = brain.ofPathway(index, "sent");
      if (sent > 0) tracts.send(index, sent);
    }
    if (brain.frames % 15 === 1) this.dress();
  }

  /** @param {any} event @param {number} now ms */
  happen(event, now) {
    const region = event.region && this.brain.region(event.region);
    if (event.event === "born" && region) {
      if (!this.cloud.birth(region, event.slots, now)) this.rebuild();
      this.grow();
    } else if (event.event === "died" && region) {
      this.cloud.death(region, event.slots, now);
      this.crosses(region, event.slots, now);
      this.grow();
    } else if (event.event === "synapses") this.synapses(event, now);
    else if (event.event === "replay" && region) {
      const points = event.neurons.map((/** @type {number} */ slot) => this.pointOf(region, slot));
      for (const i of points) this.cloud.born.set(i, now - 3000);
    }
  }

  pointOf(/** @type {import("../model/brain.js").Region} */ region, /** @type {number} */ slot) {
    return this.cloud.offsets[region.index] + Math.floor(slot / region.perPoint);
  }

  /** Place of a slot. @param {import("../model/brain.js").Region} region @param {number} slot @returns {number[]} */
  placeOf(region, slot) {
    const i = this.pointOf(region, slot);
    return [...this.cloud.places.subarray(3 * i, 3 * i + 3)];
  }

  /** Crosses where neurons died. */
  crosses(
    /** @type {import("../model/brain.js").Region} */ region,
    /** @type {number[]} */ slots,
    /** @type {number} */ now,
  ) {
    for (const slot of slots.slice(0, 60)) {
      const [x, y, z] = this.placeOf(region, slot);
      const arm = 0.07;
      this.recent.push({ from: [x - arm, y - arm, z], to: [x + arm, y + arm, z], colour: "lost", alpha: 1, since: now });
      this.recent.push({ from: [x - arm, y + arm, z], to: [x + arm, y - arm, z], colour: "lost", alpha: 1, since: now });
    }
  }

  /** New synapses as lines; pruned ones as short cuts across the ribbon. */
  synapses(/** @type {any} */ event, /** @type {number} */ now) {
    const pathway = this.brain.pathways.find(({ label }) => label === event.label);
    if (!pathway) return;
    const [source, target] = [this.brain.regions[pathway.source], this.brain.regions[pathway.target]];
    for (const [pre, post] of (event.pairs ?? []).slice(0, MOST_NEW)) {
      const bow = arc(this.placeOf(source, pre), this.placeOf(target, post), [], 0.4, BOW_STEPS);
      for (const { from, to, alpha } of bow) this.recent.push({ from, to, colour: "born", alpha, since: now });
    }
    for (let k = 0; k < Math.min(MOST_LOST, event.pruned); k++) {
      const [x, y, z] = pointOn(this.tracts.curves[pathway.index], 0.2 + ((0.6 * 1.618 * (k + 1)) % 0.6));
      this.recent.push({ from: [x, y - 0.06, z], to: [x, y + 0.06, z], colour: "lost", alpha: 0.7, since: now });
    }
    this.recent.splice(0, Math.max(0, this.recent.length - MOST_CHANGES));
  }

  /** Draw a neuron's inputs, outputs and tree, or nobody's. @param {any} neuron */
  choose(neuron) {
    this.neuron = neuron;
    const region = neuron?.region && this.brain.region(neuron.region);
    if (!region) {
      this.cloud.mark([]);
      this.arcs.clear();
      return;
    }
    this.cloud.mark([this.pointOf(region, neuron.slot)]);
    const here = this.placeOf(region, neuron.slot);
    const segments = treeOf(neuron.dendrite, here, region, this.theme);
    for (const kind of ["inputs", "outputs"]) {
      for (const [name, slot, weight] of neuron[kind].shown) {
        const other = this.brain.region(name);
        if (!other) continue;
        const colour = this.theme.colours[weight < 0 ? "inhibits" : kind === "inputs" ? "excites" : "born"];
        segments.push(...arc(this.placeOf(other, slot), here, colour, 0.25 + 0.5 * Math.min(1, Math.abs(weight))));
      }
    }
    this.arcs.set(segments);
  }

  /** Go on by some time. @param {number} now @param {number} ms @param {number} tau @returns {boolean} whether anything moves */
  advance(now, ms, tau) {
    const lit = this.cloud.fade(now, ms, tau);
    const aging = this.cloud.age(now);
    const before = this.recent.length;
    this.recent = this.recent.filter(({ since }) => now - since < CHANGE_MS);
    if (before) {
      const { colours } = this.theme;
      this.changes.set(
        this.recent.map(({ from, to, colour, alpha, since }) => {
          const left = 1 - (now - since) / CHANGE_MS;
          return { from, to, colour: colours[colour], alpha: alpha * left };
        }),
      );
    }
    return lit + aging + before > 0;
  }
}

/** A bow of segments, brighter at the chosen neuron. */
function arc(
  /** @type {number[]} */ from,
  /** @type {number[]} */ to,
  /** @type {number[]} */ colour,
  /** @type {number} */ alpha,
  steps = ARC_STEPS,
) {
  const far = Math.hypot(...from.map((x, k) => to[k] - x));
  const at = (/** @type {number} */ t) => {
    const lift = 0.22 * far * 4 * t * (1 - t);
    return [0, 1, 2].map((k) => from[k] + t * (to[k] - from[k]) + lift * [0, 0.8, 0.6][k]);
  };
  return Array.from({ length: steps }, (_, k) => ({
    from: at(k / steps),
    to: at((k + 1) / steps),
    colour,
    alpha: alpha * (0.25 + (0.75 * k) / steps),
  }));
}
