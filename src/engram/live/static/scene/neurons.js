/** Neurons as points: discs excite, diamonds inhibit; all of a brain in one call. */

import { Mesh, makeProgram } from "./gl.js";

const VERTEX = `
layout(location = 0) in vec3 place;
layout(location = 1) in vec4 state;   // glow, difference from the twin, born or dying, mark
layout(location = 2) in vec4 kind;    // inhibitory, alive, size, group of neurons
uniform mat4 matrix;
uniform float scale, least, breath, glowing, swell, middle, depth;
out vec4 light;
out vec3 look;
void main() {
  gl_Position = matrix * vec4(place, 1.0);
  float glow = state.x * state.x * glowing;
  float near = scale * kind.z / gl_Position.w;
  float body = max(least, near * (0.9 + 0.5 * kind.w));
  float halo = 1.0 + swell * glow + 1.6 * state.w + 1.4 * state.y + 1.5 * state.z;
  gl_PointSize = kind.y < 0.25 && state.z <= 0.0 ? 0.0 : min(body * halo, 96.0);
  if (gl_PointSize == 0.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  float fog = clamp(1.0 - 0.5 * (gl_Position.w - middle) / depth, 0.42, 1.12);
  light = vec4(glow, state.y, state.z, state.w);
  look = vec3(kind.x, breath * fog, 1.0 / halo);
}`;

const FRAGMENT = `
in vec4 light;
in vec3 look;
uniform vec3 excites, inhibits, differs, marks, born;
uniform float solid, rest;
out vec4 colour;
void main() {
  vec2 p = abs(2.0 * gl_PointCoord - 1.0);
  float round = length(p);
  if (round > 1.0) discard;
  float other = step(0.5, look.x);
  float away = mix(round, 0.78 * (p.x + p.y), other);
  float core = 1.0 - smoothstep(look.z * 0.7, look.z, away);
  float fade = (1.0 - round) * (1.0 - round);
  float aura = fade * (0.42 * light.x + 0.45 * light.y + 0.4 * light.z);
  vec3 hue = mix(mix(mix(excites, inhibits, other), differs, light.y), born, light.z);
  vec3 hot = mix(hue, vec3(1.0), 0.3 * light.x * light.x * core * (1.0 - solid));
  float body = core * mix(rest, 1.0, max(light.x, light.z));
  float ring = light.w * (1.0 - smoothstep(0.05, 0.11, abs(round - 0.86)));
  // Bodies cover what is behind, halos add to it: so a crowd does not burn out.
  float cover = max(ring, body * mix(0.85, 1.0, solid) + aura * solid);
  colour = vec4(mix(hot * (body + aura), marks, ring), min(cover, 1.0)) * look.y;
}`;

export class NeuronLayer {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    this.shader = makeProgram(gl, VERTEX, FRAGMENT);
    /** @type {Mesh|null} */
    this.mesh = null;
  }

  /** @param {import("./cloud.js").Cloud} cloud */
  build(cloud) {
    this.mesh?.free();
    this.count = cloud.count;
    const { UNSIGNED_BYTE } = this.gl;
    this.mesh = new Mesh(this.gl, [
      { size: 3, data: cloud.places, changes: true },
      { size: 4, type: UNSIGNED_BYTE, data: cloud.state, changes: true },
      { size: 4, type: UNSIGNED_BYTE, data: cloud.kind, changes: true },
    ]);
  }

  /**
   * @param {import("./cloud.js").Cloud} cloud
   * @param {import("./renderer.js").Look} look
   */
  draw(cloud, look) {
    if (!this.mesh) return;
    const { gl, mesh } = this;
    const { program, at } = this.shader;
    gl.useProgram(program);
    mesh.write(1, cloud.state);
    if (cloud.kindChanged) mesh.write(2, cloud.kind);
    if (cloud.placesChanged) mesh.write(0, cloud.places);
    cloud.kindChanged = cloud.placesChanged = false;
    gl.uniformMatrix4fv(at.matrix, false, look.matrix);
    gl.uniform1f(at.scale, look.height * look.focal * cloud.size);
    gl.uniform1f(at.least, 2.2 * look.pixel);
    gl.uniform1f(at.middle, look.distance);
    gl.uniform1f(at.depth, look.depth);
    gl.uniform1f(at.breath, look.breath);
    gl.uniform1f(at.glowing, look.glowing);
    gl.uniform1f(at.swell, look.swell);
    gl.uniform1f(at.solid, look.solid);
    gl.uniform1f(at.rest, look.rest);
    for (const name of ["excites", "inhibits", "differs", "marks", "born"]) {
      gl.uniform3fv(at[name], look.colours[name]);
    }
    mesh.draw(gl.POINTS, this.count);
  }
}
