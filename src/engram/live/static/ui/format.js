/** Numbers as words. */

const WHOLE = new Intl.NumberFormat("en");

/** @param {number} x */
export const whole = (x) => (Number.isFinite(x) ? WHOLE.format(Math.round(x)) : "–");

/** Three figures or so. @param {number} x */
export function brief(x) {
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size >= 1000) return WHOLE.format(Math.round(x));
  if (size >= 100) return x.toFixed(0);
  if (size >= 10) return x.toFixed(1);
  if (size >= 0.01 || size === 0) return x.toFixed(2);
  return x.toExponential(1);
}

/** A firing rate: the same words wherever it stands. @param {number} x */
export const hertz = (x) => (Number.isFinite(x) ? `${x.toFixed(1)} Hz` : "");

/** Simulated time. @param {number} ms */
export function clock(ms) {
  if (!Number.isFinite(ms)) return "–";
  const s = ms / 1000;
  if (s < 60) return `${s.toFixed(2)} s`;
  const [hours, minutes, seconds] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, Math.floor(s) % 60];
  const two = (/** @type {number} */ x) => String(x).padStart(2, "0");
  return hours ? `${hours} h ${two(minutes)} min ${two(seconds)} s` : `${minutes} min ${two(seconds)} s`;
}

/** @param {number} bytes */
export function size(bytes) {
  const steps = ["B", "kB", "MB", "GB"];
  let k = 0;
  while (bytes >= 1000 && k < 3) {
    bytes /= 1000;
    k++;
  }
  return `${bytes.toFixed(k ? 1 : 0)} ${steps[k]}`;
}

/** "3 neurons", "1 neuron". @param {number} n @param {string} noun */
export const many = (n, noun) => `${whole(n)} ${noun}${n === 1 ? "" : "s"}`;
