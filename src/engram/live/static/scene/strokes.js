/** A list of coloured line segments, built piece by piece. */

/** @typedef {import("./matrix.js").Vec3} Vec3 */

export class Strokes {
  constructor() {
    this.places = new Float32Array(0);
    this.paint = new Uint8Array(0);
    this.count = 0;
    this.version = 0;
  }

  /** @param {{from: ArrayLike<number>, to: ArrayLike<number>, colour: number[], alpha: number, end?: number}[]} segments */
  set(segments) {
    this.count = 2 * segments.length;
    this.places = new Float32Array(3 * this.count);
    this.paint = new Uint8Array(4 * this.count);
    segments.forEach(({ from, to, colour, alpha, end = alpha }, i) => {
      this.places.set(from, 6 * i);
      this.places.set(to, 6 * i + 3);
      const rgb = colour.map((x) => 255 * x);
      this.paint.set([...rgb, 255 * alpha], 8 * i);
      this.paint.set([...rgb, 255 * end], 8 * i + 4);
    });
    this.version++;
  }

  clear() {
    if (this.count) this.set([]);
  }
}
