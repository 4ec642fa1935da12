/** The last seconds, in rings that never grow. */

const FRAMES = 600;
const EVENTS = 60_000;
const SAMPLES = 4000;

/** Figures of the last frames. */
export class Past {
  constructor() {
    this.clear();
  }

  clear() {
    /** @type {{time: number, regions?: Float32Array, pathways?: Float32Array, rhythms?: Float32Array, memory?: Float32Array, asleep: boolean, speed: number}[]} */
    this.rows = [];
  }

  /** @param {import("./wire.js").Frame} frame */
  add(frame) {
    // Copies, so that the buffer of the whole frame is not kept.
    this.rows.push({
      time: frame.time,
      regions: frame.regions?.slice(),
      pathways: frame.pathways?.slice(),
      rhythms: frame.rhythms?.slice(),
      memory: frame.memory?.slice(),
      asleep: frame.asleep,
      speed: frame.speed,
    });
    if (this.rows.length > FRAMES) this.rows.shift();
  }
}

/** Spikes of the raster: rows and steps. */
export class Spikes {
  constructor() {
    this.row = new Uint16Array(EVENTS);
    this.step = new Float64Array(EVENTS);
    this.clear();
  }

  clear() {
    this.next = 0;
    this.size = 0;
    /** @type {[number, number][]} steps from which to which nothing is known */
    this.gaps = [];
    this.last = -1;
  }

  /** @param {import("./wire.js").Frame} frame */
  add(frame) {
    const { first, events } = /** @type {NonNullable<typeof frame.raster>} */ (frame.raster);
    if (this.last >= 0 && first > this.last + 1) this.gaps.push([this.last, first]);
    if (this.gaps.length > 200) this.gaps.shift();
    for (let k = 0; k < events.length; k += 2) {
      this.row[this.next] = events[k];
      this.step[this.next] = frame.step - events[k + 1];
      this.next = (this.next + 1) % EVENTS;
      this.size = Math.min(EVENTS, this.size + 1);
    }
    this.last = frame.step;
  }
}

/** The potential of the chosen neuron. */
export class Trace {
  constructor() {
    this.clear();
  }

  clear() {
    /** @type {number[]} */
    this.times = [];
    /** @type {number[]} */
    this.values = [];
    this.who = "";
  }

  /** @param {NonNullable<import("./wire.js").Frame["voltage"]>} voltage @param {number} time @param {number} dt */
  add(voltage, time, dt) {
    const who = `${voltage.region}:${voltage.slot}`;
    if (who !== this.who) this.clear();
    this.who = who;
    voltage.v.forEach((v, k) => {
      this.times.push((voltage.step + k * voltage.every) * dt);
      this.values.push(v);
    });
    const extra = this.times.length - SAMPLES;
    if (extra > 0) {
      this.times.splice(0, extra);
      this.values.splice(0, extra);
    }
  }
}
