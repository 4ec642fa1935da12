/**
 * Neurons of a large brain where the processor draws: their light is added up on a coarse grid
 * here, which is then drawn as one picture. A point of WebGL costs a microsecond there, a
 * neuron on the grid a twentieth of that.
 */

import { makeProgram } from "./gl.js";

const MOST_CELLS = 170_000;
/** Light of one neuron in its cell, of 255: at rest, firing, newborn or marked. */
const REST = 34;
const FIRED = 150;
const SPECIAL = 200;

/** Cells along the edge of a tile; tiles without neurons are not drawn. */
const TILE_BITS = 4;
const TILE = 1 << TILE_BITS;

const VERTEX = `
layout(location = 0) in vec2 corner;   // in cells
uniform vec2 size;
out vec2 at;
void main() {
  at = min(corner / size, 1.0);
  gl_Position = vec4(2.0 * at - 1.0, 0.0, 1.0);
}`;

const FRAGMENT = `
in vec2 at;
uniform sampler2D grid;
out vec4 colour;
void main() {
  colour = texture(grid, at);
}`;

/** How much light is seen of what is added up: it saturates softly. */
const SEEN = Float32Array.from({ length: 256 }, (_, x) => 1 - Math.exp((-3 * x) / 255));

export class CrowdLayer {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.shader = makeProgram(gl, VERTEX, FRAGMENT);
    this.texture = gl.createTexture();
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    this.corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    this.columns = this.rows = 0;
    /** @type {number[]} tiles that hold neurons */
    this.full = [];
    this.cells = new Uint8ClampedArray(0);
  }

  /** @param {import("./cloud.js").Cloud} cloud @param {import("./renderer.js").Look} look */
  draw(cloud, look) {
    const { gl } = this;
    const { program, at } = this.shader;
    this.shape(look.width, look.height);
    this.gather(cloud, look);
    this.full.length = 0;
    for (let tile = 0; tile < this.tiles.length; tile++) if (this.tiles[tile]) this.full.push(tile);
    for (const tile of this.full) this.paint(tile, look);
    gl.useProgram(program);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, this.columns, this.rows, gl.RGBA, gl.UNSIGNED_BYTE, this.paints);
    gl.uniform1i(at.grid, 0);
    gl.uniform2f(at.size, this.columns, this.rows);
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.corners);
    gl.bufferData(gl.ARRAY_BUFFER, this.quads(), gl.DYNAMIC_DRAW);
    gl.drawArrays(gl.TRIANGLES, 0, 6 * this.full.length);
  }

  /** Two triangles for each tile with neurons. */
  quads() {
    const out = new Float32Array(12 * this.full.length);
    this.full.forEach((tile, k) => {
      const left = TILE * (tile % this.across);
      const low = TILE * Math.floor(tile / this.across);
      const [right, high] = [left + TILE, low + TILE];
      out.set([left, low, right, low, left, high, right, low, right, high, left, high], 12 * k);
    });
    return out;
  }

  shape(/** @type {number} */ width, /** @type {number} */ height) {
    const fine = Math.min(1, Math.sqrt(MOST_CELLS / (width * height)));
    const [columns, rows] = [Math.ceil(width * fine), Math.ceil(height * fine)];
    if (columns === this.columns && rows === this.rows) return;
    [this.columns, this.rows] = [columns, rows];
    this.cells = new Uint8ClampedArray(4 * columns * rows);
    this.paints = new Uint8Array(4 * columns * rows);
    this.across = Math.ceil(columns / TILE);
    this.tiles = new Uint8Array(this.across * Math.ceil(rows / TILE));
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, columns, rows, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** Add up the light of all neurons: excitatory, inhibitory, special, at rest. */
  gather(/** @type {import("./cloud.js").Cloud} */ cloud, /** @type {import("./renderer.js").Look} */ look) {
    const { cells, columns, rows, tiles, across } = this;
    const { places, kind, state, level, count } = cloud;
    const m = look.matrix;
    cells.fill(0);
    tiles.fill(0);
    for (let i = 0; i < count; i++) {
      if (kind[4 * i + 1] < 64) continue;
      const [x, y, z] = [places[3 * i], places[3 * i + 1], places[3 * i + 2]];
      const w = m[3] * x + m[7] * y + m[11] * z + m[15];
      const column = ((m[0] * x + m[4] * y + m[8] * z + m[12]) / w + 1) * 0.5 * columns - 0.5;
      const row = ((m[1] * x + m[5] * y + m[9] * z + m[13]) / w + 1) * 0.5 * rows - 0.5;
      if (!(w > 0 && column >= 0 && row >= 0 && column < columns - 1 && row < rows - 1)) continue;
      const [left, low] = [column | 0, row | 0];
      const [tile, next] = [across * (low >> TILE_BITS) + (left >> TILE_BITS), across * ((low + 1) >> TILE_BITS) + ((left + 1) >> TILE_BITS)];
      tiles[tile] = tiles[next] = 1;
      if (next !== tile) tiles[across * (low >> TILE_BITS) + ((left + 1) >> TILE_BITS)] = tiles[across * ((low + 1) >> TILE_BITS) + (left >> TILE_BITS)] = 1;
      const fog = Math.max(0.4, Math.min(1.1, 1 - (0.5 * (w - look.distance)) / look.depth));
      const special = state[4 * i + 1] | state[4 * i + 2] | state[4 * i + 3];
      this.splat(4 * (low * columns + left), column - left, row - low, 3, REST * fog);
      const lit = level[i] * level[i] * look.glowing;
      if (lit > 0.02) this.splat(4 * (low * columns + left), column - left, row - low, kind[4 * i] ? 1 : 0, FIRED * lit * fog);
      if (special) this.splat(4 * (low * columns + left), column - left, row - low, 2, SPECIAL);
    }
  }

  /** From light to colours, in one tile. */
  paint(/** @type {number} */ tile, /** @type {import("./renderer.js").Look} */ look) {
    const { columns, rows } = this;
    const left = TILE * (tile % this.across);
    const low = TILE * Math.floor(tile / this.across);
    for (let row = low; row < Math.min(rows, low + TILE); row++) {
      for (let i = row * columns + left; i < row * columns + Math.min(columns, left + TILE); i++) this.tint(4 * i, look);
    }
  }

  /** From light to a colour, in one cell. */
  tint(/** @type {number} */ at, /** @type {import("./renderer.js").Look} */ look) {
    const { cells, paints } = this;
    const { excites, inhibits, born } = look.colours;
    const [e, n, b] = [SEEN[cells[at]], SEEN[cells[at + 1]], SEEN[cells[at + 2]]];
    const body = 0.8 * SEEN[cells[at + 3]] * look.rest;
    const sum = e + n + b;
    const glow = Math.min(1, sum);
    const alpha = Math.min(1, body + glow) * look.breath;
    paints[at + 3] = 255 * alpha * (look.solid ? 1 : 0.6);
    if (!alpha) {
      paints[at] = paints[at + 1] = paints[at + 2] = 0;
      return;
    }
    // What shines has its own hue; bodies at rest are as most neurons are.
    const part = glow / (glow + body) / (sum || 1);
    const rest = body / (glow + body);
    const white = look.solid ? 0 : 0.25 * glow * glow;
    for (let c = 0; c < 3; c++) {
      const tone = part * (e * excites[c] + n * inhibits[c] + b * born[c]) + rest * (0.8 * excites[c] + 0.2 * inhibits[c]);
      paints[at + c] = 255 * alpha * (tone + white * (1 - tone));
    }
  }

  /** Share light among four cells. */
  splat(
    /** @type {number} */ at,
    /** @type {number} */ x,
    /** @type {number} */ y,
    /** @type {number} */ channel,
    /** @type {number} */ light,
  ) {
    const { cells } = this;
    const up = at + 4 * this.columns + channel;
    const here = at + channel;
    cells[here] += light * (1 - x) * (1 - y);
    cells[here + 4] += light * x * (1 - y);
    cells[up] += light * (1 - x) * y;
    cells[up + 4] += light * x * y;
  }
}
