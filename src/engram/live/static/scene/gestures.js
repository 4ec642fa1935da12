/** Pointer, wheel and keys move the camera; a click chooses; a lasso catches. */

const CLICK_PX = 5;

/**
 * @typedef {object} Hands
 * @property {(dx: number, dy: number) => void} orbit in pixels
 * @property {(dx: number, dy: number) => void} pan in pixels
 * @property {(factor: number) => void} zoom
 * @property {() => void} reset
 * @property {(x: number, y: number) => void} click in pixels of the element
 * @property {(points: [number, number][], done: boolean) => void} lasso
 */

export class Gestures {
  /** @param {HTMLElement} element @param {Hands} hands */
  constructor(element, hands) {
    this.element = element;
    this.hands = hands;
    this.catching = false;
    /** @type {Map<number, {x: number, y: number}>} */
    this.down = new Map();
    this.moved = 0;
    /** @type {[number, number][]} */
    this.path = [];
    element.addEventListener("pointerdown", (event) => this.press(event));
    element.addEventListener("pointermove", (event) => this.move(event));
    element.addEventListener("pointerup", (event) => this.release(event));
    element.addEventListener("pointercancel", (event) => this.down.delete(event.pointerId));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    element.addEventListener("keydown", (event) => this.key(event));
  }

  /** @returns {{x: number, y: number}} in pixels of the element */
  at(/** @type {PointerEvent} */ event) {
    const box = this.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  press(/** @type {PointerEvent} */ event) {
    this.element.setPointerCapture(event.pointerId);
    this.element.focus({ preventScroll: true });
    const at = this.at(event);
    this.down.set(event.pointerId, at);
    this.moved = this.down.size > 1 ? CLICK_PX + 1 : 0;
    this.path = [[at.x, at.y]];
  }

  move(/** @type {PointerEvent} */ event) {
    const before = this.down.get(event.pointerId);
    if (!before) return;
    const now = this.at(event);
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    this.moved += Math.hypot(dx, dy);
    if (this.down.size === 2) this.pinch(event.pointerId, now);
    else if (this.catching) {
      this.path.push([now.x, now.y]);
      this.hands.lasso(this.path, false);
    } else if (event.shiftKey || event.buttons & 6) this.hands.pan(dx, dy);
    else this.hands.orbit(dx, dy);
    this.down.set(event.pointerId, now);
  }

  pinch(/** @type {number} */ id, /** @type {{x: number, y: number}} */ now) {
    const [other] = [...this.down].filter(([key]) => key !== id).map(([, at]) => at);
    const before = /** @type {{x: number, y: number}} */ (this.down.get(id));
    const gap = (/** @type {{x: number, y: number}} */ a) => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
    this.hands.zoom(gap(before) / gap(now));
    this.hands.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
  }

  release(/** @type {PointerEvent} */ event) {
    if (!this.down.delete(event.pointerId)) return;
    if (this.catching && this.path.length > 2) this.hands.lasso(this.path, true);
    else if (this.moved <= CLICK_PX) {
      const { x, y } = this.at(event);
      this.hands.click(x, y);
    }
  }

  wheel(/** @type {WheelEvent} */ event) {
    event.preventDefault();
    const step = event.deltaMode ? event.deltaY * 16 : event.deltaY;
    this.hands.zoom(Math.exp(Math.max(-120, Math.min(120, step)) * 0.0016));
  }

  key(/** @type {KeyboardEvent} */ event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const arrow = arrows[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (arrow && event.shiftKey) this.hands.pan(-40 * arrow[0], -40 * arrow[1]);
    else if (arrow) this.hands.orbit(40 * arrow[0], 40 * arrow[1]);
    else if (event.key === "+" || event.key === "=") this.hands.zoom(0.85);
    else if (event.key === "-") this.hands.zoom(1 / 0.85);
    else if (event.key === "0" || event.key === "Home") this.hands.reset();
    else return;
    event.preventDefault();
  }
}
