/** Pathways as ribbons that face the viewer, with pulses that travel along them. */

import { pointOn } from "./curves.js";
import { Mesh, makeProgram } from "./gl.js";

const SEGMENTS = 36;
const WIDTH = 0.3;
const PER_RIBBON = 2 * SEGMENTS + 4;

const VERTEX = `
layout(location = 0) in vec3 place;
layout(location = 1) in vec3 direction;
layout(location = 2) in vec4 where;   // along, side (-1, 1), row, 0
layout(location = 3) in vec4 paint;   // red, green, blue, width
uniform mat4 matrix;
uniform vec3 eye;
uniform float width, chosen;
out vec3 spot;
out vec3 hue;
out float picked;
void main() {
  vec3 side = normalize(cross(direction, eye - place));
  picked = abs(where.z - chosen) < 0.5 ? 1.0 : 0.0;
  float apart = 0.55 + 0.45 * sin(3.14159 * where.x);
  float broad = width * (0.12 + paint.w) * apart * (1.0 + 0.25 * picked);
  gl_Position = matrix * vec4(place + side * where.y * broad, 1.0);
  spot = where.xyz;
  hue = paint.rgb;
}`;

const FRAGMENT = `
in vec3 spot;
in vec3 hue;
in float picked;
uniform sampler2D pulses;
uniform float newest, bins, rows, solid, breath, still;
out vec4 colour;
const float FIBRES = 6.0;
float chance(vec2 p) { return fract(sin(dot(p, vec2(12.9898, 78.233))) * 43758.5453); }
void main() {
  // Fibres side by side; how many carry a pulse says how many spikes there are.
  float across = (0.5 * spot.y + 0.5) * FIBRES;
  float fibre = floor(across);
  float middle = 2.0 * fract(across) - 1.0;
  float thin = 1.0 - middle * middle;
  float edge = 1.0 - spot.y * spot.y;
  float when = newest - spot.x * bins * 0.72 - 1.7 * chance(vec2(fibre, spot.z));
  float bin = floor(when);
  float row = (spot.z + 0.5) / rows;
  float share = texture(pulses, vec2((bin + 0.5) / bins, row)).r;
  float lit = smoothstep(0.0, 0.12, share * (1.0 - 0.5 * still) - chance(vec2(fibre, mod(bin, bins)) + spot.z));
  float front = fract(when);
  float pulse = lit * front * (1.0 - smoothstep(0.75, 1.0, front)) * 1.6;
  float ends = smoothstep(0.0, 0.1, spot.x) * (1.0 - smoothstep(0.88, 1.0, spot.x));
  float body = (0.06 + 0.11 * thin) * (1.0 + 0.5 * solid + 1.6 * picked);
  float alpha = (body + 1.15 * pulse * thin * (1.0 - 0.5 * still)) * (0.25 + 0.75 * edge) * (0.15 + 0.85 * ends) * breath;
  vec3 tone = mix(hue, vec3(1.0), (1.0 - solid) * 0.3 * pulse * thin);
  colour = vec4(tone * alpha, alpha * mix(0.35, 1.0, solid));
}`;

export class RibbonLayer {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.shader = makeProgram(gl, VERTEX, FRAGMENT);
    this.texture = gl.createTexture();
    /** @type {Mesh|null} */
    this.mesh = null;
    this.count = 0;
  }

  /** @param {import("./tracts.js").Tracts} tracts */
  build(tracts) {
    this.mesh?.free();
    this.count = tracts.curves.length * PER_RIBBON;
    const places = new Float32Array(3 * this.count);
    const directions = new Float32Array(3 * this.count);
    const where = new Float32Array(4 * this.count);
    tracts.curves.forEach((points, row) => strip(points, row, places, directions, where));
    this.paint = new Uint8Array(4 * this.count);
    this.mesh = new Mesh(this.gl, [
      { size: 3, data: places },
      { size: 3, data: directions },
      { size: 4, data: where },
      { size: 4, type: this.gl.UNSIGNED_BYTE, data: this.paint, changes: true },
    ]);
    this.repaint(tracts);
  }

  /** Write colours and widths anew. @param {import("./tracts.js").Tracts} tracts */
  repaint(tracts) {
    const { paint } = this;
    if (!paint || !this.mesh) return;
    tracts.curves.forEach((_, row) => {
      const [r, g, b] = tracts.colours[row].map((x) => Math.round(255 * x));
      const wide = Math.round(255 * Math.min(1, tracts.widths[row]));
      for (let k = row * PER_RIBBON; k < (row + 1) * PER_RIBBON; k++) paint.set([r, g, b, wide], 4 * k);
    });
    this.mesh.write(3, paint);
    tracts.changed = false;
  }

  /** @param {import("./tracts.js").Tracts} tracts @param {import("./renderer.js").Look} look */
  draw(tracts, look) {
    if (!this.mesh || !this.count) return;
    const { gl } = this;
    const { program, at } = this.shader;
    if (tracts.changed) this.repaint(tracts);
    gl.useProgram(program);
    this.upload(tracts);
    gl.uniformMatrix4fv(at.matrix, false, look.matrix);
    gl.uniform3fv(at.eye, look.eye);
    gl.uniform1f(at.width, WIDTH);
    gl.uniform1f(at.chosen, tracts.chosen);
    gl.uniform1f(at.newest, tracts.newest);
    gl.uniform1f(at.bins, tracts.bins);
    gl.uniform1f(at.rows, tracts.curves.length);
    gl.uniform1f(at.solid, look.solid);
    gl.uniform1f(at.breath, look.breath);
    gl.uniform1f(at.still, look.calm ? 0.65 : 0);
    this.mesh.draw(gl.TRIANGLE_STRIP, this.count);
  }

  upload(/** @type {import("./tracts.js").Tracts} */ tracts) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    const rows = tracts.curves.length;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, tracts.bins, rows, 0, gl.RED, gl.UNSIGNED_BYTE, tracts.pulses);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.REPEAT);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }
}

/** Write the corners of one ribbon, with doubled ends so that ribbons join in one strip. */
function strip(
  /** @type {import("./matrix.js").Vec3[]} */ points,
  /** @type {number} */ row,
  /** @type {Float32Array} */ places,
  /** @type {Float32Array} */ directions,
  /** @type {Float32Array} */ where,
) {
  for (let k = 0; k < PER_RIBBON; k++) {
    const corner = Math.max(0, Math.min(PER_RIBBON - 3, k - 1));
    const t = Math.floor(corner / 2) / SEGMENTS;
    const [here, next] = [pointOn(points, t), pointOn(points, t + 1e-2)];
    const at = row * PER_RIBBON + k;
    places.set(here, 3 * at);
    directions.set(next.map((x, i) => x - here[i]), 3 * at);
    where.set([t, corner % 2 ? 1 : -1, row, 0], 4 * at);
  }
}
