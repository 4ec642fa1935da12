/** Fewer pixels when frames take too long, more again when there is time. */

const SLOW_MS = 21;
const QUICK_MS = 13;
const LEAST = 0.5;
const PATIENCE_MS = 900;

export class Quality {
  constructor() {
    /** Device pixels for each CSS pixel, as a share of the most there may be. */
    this.share = 1;
    this.mean = 16;
    this.since = 0;
    this.raised = 0;
    /** @type {number[]} */
    this.times = [];
  }

  /**
   * A frame was drawn.
   * @param {number} ms between it and the one before
   * @param {number} now
   * @returns {boolean} whether the share has changed
   */
  note(ms, now) {
    if (ms > 400) return false;
    this.times.push(ms);
    if (this.times.length > 240) this.times.shift();
    this.mean += 0.06 * (ms - this.mean);
    if (now - this.since < PATIENCE_MS) return false;
    if (this.mean > SLOW_MS && this.share > LEAST) return this.set(this.share * 0.82, now);
    // Try more only now and then: a switch is seen.
    if (this.mean < QUICK_MS && this.share < 1 && now - this.raised > 12_000) {
      this.raised = now;
      return this.set(this.share * 1.15, now);
    }
    return false;
  }

  set(/** @type {number} */ share, /** @type {number} */ now) {
    this.share = Math.max(LEAST, Math.min(1, share));
    this.since = now;
    this.mean = 16;
    return true;
  }

  /** Frames a second, of late. */
  get rate() {
    const sum = this.times.reduce((a, b) => a + b, 0);
    return sum ? (1000 * this.times.length) / sum : 0;
  }
}
