/** The agent's world, beside its brain: a grid, a pole on a cart, or words. */

import { h, say } from "../ui/dom.js";
import { Answer, button, toggle } from "../ui/fields.js";
import { brief } from "../ui/format.js";
import { Panel } from "../ui/panel.js";
import { lineColour } from "../ui/palette.js";
import { Plot } from "./plot.js";

const EPISODES = 120;
const TALL = 200;

/** @param {import("../app.js").App} app */
export function worldPanel(app) {
  const plot = new Plot(app.prefs, TALL, "The agent in its world");
  const returns = new Plot(app.prefs, 48, "Return of each episode");
  const words = h("p", { class: "eg-world-words" });
  const answer = new Answer();
  const explore = toggle("Learns", true, (on) => answer.show(app.command("explore", { on })));
  const again = button("New episode", () => answer.show(app.command("world_reset")), { "data-do": "world_reset" });
  const row = h("div", { class: "eg-row" }, again, explore.element);
  const panel = new Panel("World", [plot.canvas, words, returns.canvas, row, answer.element], { every: 66, draw, sum });
  /** @type {number[]} */
  let episodes = [];
  /** @type {[number, number][]} */
  let path = [];
  let last = 0;
  const show = () => {
    panel.element.hidden = !app.session.hello.views?.world;
    row.hidden = !app.session.source.canSend;
  };
  app.session.on("hello", () => {
    episodes = [];
    show();
  });
  app.session.on("event", (_, event) => {
    if (event.event !== "episode") return;
    episodes.push(event.return);
    if (episodes.length > EPISODES) episodes.shift();
  });
  app.session.on("world", (world) => {
    if (world.episode !== last) path = [];
    last = world.episode;
    if (world.at) path.push(world.at);
    if (path.length > 60) path.shift();
    explore.input.checked = world.learning;
  });
  show();

  function sum() {
    const { world } = app.session;
    return world ? `episode ${world.episode}` : "";
  }

  function draw() {
    const world = app.session.world;
    const context = plot.begin();
    if (!world) return plot.text("Waiting for the agent.", plot.width / 2, TALL / 2, "center");
    const colours = { ink: plot.ink, grid: plot.grid, agent: lineColour(1, app.prefs.dark), goal: lineColour(2, app.prefs.dark) };
    if (world.kind === "grid") drawGrid(context, plot, world, path, colours);
    else if (world.kind === "cartpole") drawCart(context, plot, world, colours);
    else plot.text(String(world.observation ?? ""), 0, 20);
    const action = world.action ? `, ${world.action}` : "";
    say(words, `Episode ${world.episode}, step ${world.step}${action}. Return ${brief(world.return)}${world.value === undefined || world.value === null ? "" : `, expected ${brief(world.value)}`}.`);
    drawReturns();
  }

  function drawReturns() {
    const context = returns.begin();
    if (!episodes.length) return returns.text("Returns of the episodes will stand here.", 0, 28);
    const [low, high] = [Math.min(0, ...episodes), Math.max(1e-6, ...episodes)];
    const wide = Math.min(12, returns.width / episodes.length);
    context.fillStyle = lineColour(2, app.prefs.dark);
    episodes.forEach((value, i) => {
      const [y, zero] = [returns.y(value, low, high), returns.y(0, low, high)];
      context.fillRect(i * wide, Math.min(y, zero), Math.max(1, wide - 1), Math.max(1, Math.abs(y - zero)));
    });
    returns.text(`return, at most ${brief(high)}`, 0, 9);
  }
  return panel;
}

function drawGrid(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {Plot} */ plot,
  /** @type {any} */ world,
  /** @type {[number, number][]} */ path,
  /** @type {Record<string, string>} */ colours,
) {
  const cell = Math.floor((Math.min(plot.width, TALL) - 2) / world.size);
  const left = (plot.width - cell * world.size) / 2;
  const middle = (/** @type {[number, number]} */ [row, column]) => [left + (column + 0.5) * cell, (row + 0.5) * cell];
  const walls = new Set(world.walls.map(String));
  for (let row = 0; row < world.size; row++) {
    for (let column = 0; column < world.size; column++) {
      const wall = walls.has(String([row, column]));
      context.globalAlpha = wall ? 0.55 : 1;
      context.fillStyle = wall ? colours.ink : colours.grid;
      context.fillRect(left + column * cell + 1, row * cell + 1, cell - 2, cell - 2);
    }
  }
  context.globalAlpha = 1;
  const [gx, gy] = middle(world.goal);
  context.strokeStyle = colours.goal;
  context.lineWidth = 3;
  for (const r of [0.32, 0.14]) {
    context.beginPath();
    context.arc(gx, gy, cell * r, 0, 7);
    context.stroke();
  }
  context.strokeStyle = context.fillStyle = colours.agent;
  context.lineWidth = 1.5;
  context.globalAlpha = 0.45;
  context.beginPath();
  path.forEach((at, i) => (i ? context.lineTo(...middle(at)) : context.moveTo(...middle(at))));
  context.stroke();
  context.globalAlpha = 1;
  context.beginPath();
  context.arc(...middle(world.at), cell * 0.26, 0, 7);
  context.fill();
}

function drawCart(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {Plot} */ plot,
  /** @type {any} */ world,
  /** @type {Record<string, string>} */ colours,
) {
  const ground = TALL - 34;
  const x = plot.width / 2 + (world.x / world.x_limit) * (plot.width / 2 - 26);
  const long = TALL * 0.62;
  context.fillStyle = colours.grid;
  context.fillRect(0, ground + 12, plot.width, 2);
  for (const side of [-1, 1]) {
    context.beginPath();
    context.moveTo(x, ground);
    context.lineTo(x + side * long * Math.sin(world.angle_limit), ground - long * Math.cos(world.angle_limit));
    context.strokeStyle = colours.grid;
    context.lineWidth = 1.5;
    context.stroke();
  }
  context.fillStyle = colours.goal;
  context.fillRect(x - 24, ground - 8, 48, 18);
  context.strokeStyle = colours.agent;
  context.lineWidth = 6;
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(x, ground - 8);
  context.lineTo(x + long * Math.sin(world.angle), ground - 8 - long * Math.cos(world.angle));
  context.stroke();
  context.lineCap = "butt";
}
