/** What the page knows of one brain. */

import { bitsOf, placesOf } from "./wire.js";
import { Past, Spikes, Trace } from "./past.js";

const MOST_ROWS = 1000;

/**
 * @typedef {object} Region
 * @property {number} index @property {string} name @property {string} type lower case
 * @property {string} model @property {number} count slots in use @property {number} points
 * @property {number} perPoint slots a point stands for
 * @property {Uint8Array} alive @property {Uint8Array} excitatory by slot
 * @property {number[]} centre @property {number} radius
 * @property {number[]} places x, y, z of each point, from the centre
 * @property {number[]} raster @property {boolean} dendrites @property {number} code
 * @property {boolean} source @property {number} max_neurons
 */

/**
 * @typedef {object} Pathway
 * @property {number} index @property {string} label @property {number} source @property {number} target
 * @property {string} transmitter lower case @property {number} sign @property {string|null} rule
 * @property {boolean} rewardable @property {number} w_max @property {[number, number]} delay
 * @property {boolean} own @property {boolean} stp
 */

export class BrainModel {
  /** @param {number} number */
  constructor(number) {
    this.number = number;
    this.version = -1;
    this.dt = 1;
    this.since = 0;
    this.seed = 0;
    /** @type {Region[]} */
    this.regions = [];
    /** @type {Pathway[]} */
    this.pathways = [];
    /** @type {{region: number, band: string, frequency: number, amplitude: number}[]} */
    this.rhythms = [];
    /** @type {[number, number][]} step and time */
    this.snapshots = [];
    /** @type {number[]} */
    this.twins = [];
    /** @type {{region: string, n: number, strength: number}[]} */
    this.traces = [];
    /** @type {any} */
    this.settings = { switches: [], parts: [], speed: null, running: false, recording: null };
    /** @type {import("./wire.js").Frame|null} */
    this.frame = null;
    this.frames = 0;
    this.life = { columns: /** @type {string[]} */ ([]), rows: /** @type {number[][]} */ ([]) };
    this.past = new Past();
    this.spikes = new Spikes();
    this.voltage = new Trace();
  }

  /** @param {any} text of the type "structure" */
  setStructure(text) {
    this.version = text.version;
    this.dt = text.dt;
    /** When the structure came, ms. */
    this.since = text.time;
    this.seed = text.seed;
    this.regions = text.regions.map((/** @type {any} */ region, /** @type {number} */ index) => ({
      ...region,
      index,
      type: region.type.toLowerCase(),
      perPoint: region.slots_per_point,
      alive: [...bitsOf(region.alive, region.count)],
      excitatory: [...bitsOf(region.excitatory, region.count)],
      places: [...placesOf(region.positions, region.radius)],
    }));
    this.pathways = text.pathways.map((/** @type {any} */ pathway, /** @type {number} */ index) => ({
      ...pathway,
      index,
      transmitter: pathway.transmitter.toLowerCase(),
    }));
    this.rhythms = text.rhythms;
    this.snapshots = text.snapshots;
    this.twins = text.twins ?? [];
    this.columns = {
      regions: text.region_columns,
      pathways: text.pathway_columns,
      counts: text.count_columns,
    };
    this.frame = null;
    this.past.clear();
    this.spikes.clear();
    this.voltage.clear();
    this.rows = this.regions.reduce((sum, region) => sum + region.raster.length, 0);
  }

  /** @param {any} text of the type "history" */
  setHistory(text) {
    if (text.columns) this.life = { columns: text.columns, rows: text.rows };
    else this.life.rows.push(...text.append);
    while (this.life.rows.length > MOST_ROWS) this.life.rows = this.life.rows.filter((_, i) => i % 2 === 0);
  }

  /** @param {import("./wire.js").Frame} frame @returns {boolean} whether it is of this structure */
  take(frame) {
    if (frame.version !== this.version) return false;
    this.frame = frame;
    this.frames++;
    this.past.add(frame);
    if (frame.raster) this.spikes.add(frame);
    if (frame.voltage) this.voltage.add(frame.voltage, frame.time, this.dt);
    return true;
  }

  /** A figure of a region, as the last frame has it. @param {number} region @param {string} column */
  ofRegion(region, column) {
    const { columns, frame } = this;
    if (!frame?.regions || !columns) return NaN;
    const at = columns.regions.indexOf(column);
    return at < 0 ? NaN : frame.regions[region * columns.regions.length + at];
  }

  /** A figure of a pathway, as the last frame has it. @param {number} pathway @param {string} column */
  ofPathway(pathway, column) {
    const { columns, frame } = this;
    if (!frame?.pathways || !columns) return NaN;
    const at = columns.pathways.indexOf(column);
    return at < 0 ? NaN : frame.pathways[pathway * columns.pathways.length + at];
  }

  /** @param {string} name */
  count(name) {
    const at = this.columns?.counts.indexOf(name) ?? -1;
    return this.frame?.counts?.[at] ?? NaN;
  }

  /** @param {string} name */
  region(name) {
    return this.regions.find((region) => region.name === name);
  }

  /** @param {any} event "born" or "died": who lives now */
  liveOrDie(event) {
    const region = this.region(event.region);
    if (!region) return;
    if (event.event === "born") {
      const places = event.positions ? placesOf(event.positions, region.radius) : null;
      event.slots.forEach((/** @type {number} */ slot, /** @type {number} */ k) => {
        region.alive[slot] = 1;
        region.excitatory[slot] = event.excitatory[k] ? 1 : 0;
        if (places && region.perPoint === 1) {
          for (let axis = 0; axis < 3; axis++) region.places[3 * slot + axis] = places[3 * k + axis];
        }
      });
      region.count = event.count;
      if (region.perPoint === 1) region.points = Math.max(region.points, region.count);
    } else {
      for (const slot of event.slots) region.alive[slot] = 0;
    }
  }
}
