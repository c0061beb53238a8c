/** Draws each bank's logo as the 152 x 152 PNG that Plaid's `logo` field carries. */
import { crc32, deflateSync } from "node:zlib";

export type LogoMark =
  | "wave"
  | "gingham"
  | "tattersall"
  | "tartan"
  | "houndstooth"
  | "ring"
  | "octagon"
  | "triangle"
  | "anchor"
  | "bars"
  | "globe"
  | "leaf"
  | "chevron"
  | "beam"
  | "corner"
  | "sheaf";

const SIZE = 152;
const SAMPLES = 3;

/** How much white covers the bank's color at a point of the unit square: 0 to 1. */
type Paint = (x: number, y: number) => number;

const inside = (condition: boolean): number => (condition ? 1 : 0);
const stripe = (at: number, period: number, width: number): boolean =>
  ((at % period) + period) % period < width;
const radius = (x: number, y: number): number => Math.hypot(x - 0.5, y - 0.5);

const MARKS: Record<LogoMark, Paint> = {
  wave: (x, y) =>
    inside(
      [0.34, 0.5, 0.66].some(
        (line) => Math.abs(y - line - 0.05 * Math.sin(x * 11)) < 0.035 && Math.abs(x - 0.5) < 0.3,
      ),
    ),
  gingham: (x, y) => 0.42 * inside(stripe(x, 0.25, 0.125)) + 0.42 * inside(stripe(y, 0.25, 0.125)),
  tattersall: (x, y) =>
    Math.max(
      0.95 * inside(stripe(x + 0.03, 0.26, 0.03)),
      0.6 * inside(stripe(y + 0.1, 0.26, 0.03)),
    ),
  tartan: (x, y) => {
    const thread = (at: number) =>
      0.3 * inside(stripe(at, 0.5, 0.18)) + 0.6 * inside(stripe(at + 0.16, 0.5, 0.03));
    return Math.min(1, thread(x) + thread(y));
  },
  houndstooth: (x, y) => {
    const u = (x * 4) % 1;
    const v = (y * 4) % 1;
    const odd = (Math.floor(x * 4) + Math.floor(y * 4)) % 2 === 0;
    return inside(odd ? true : (u + v) % 0.5 < 0.25 && u > v);
  },
  ring: (x, y) =>
    inside(
      Math.abs(radius(x, y) - 0.24) < 0.06 || (Math.abs(y - 0.5) < 0.03 && x > 0.5 && x < 0.74),
    ),
  octagon: (x, y) => {
    const u = Math.abs(x - 0.5);
    const v = Math.abs(y - 0.5);
    const size = Math.max(u, v, (u + v) * 0.72);
    return inside(size < 0.3 && size > 0.12);
  },
  triangle: (x, y) =>
    inside(
      y > 0.26 &&
        y < 0.72 &&
        Math.abs(x - 0.5) < (y - 0.24) * 0.62 &&
        !(y > 0.52 && Math.abs(x - 0.5) < (y - 0.5) * 0.6),
    ),
  anchor: (x, y) => {
    const shank = Math.abs(x - 0.5) < 0.035 && y > 0.3 && y < 0.76;
    const stock = Math.abs(y - 0.42) < 0.03 && Math.abs(x - 0.5) < 0.14;
    const eye = Math.abs(Math.hypot(x - 0.5, y - 0.26) - 0.055) < 0.025;
    const arms = Math.abs(Math.hypot(x - 0.5, y - 0.52) - 0.23) < 0.035 && y > 0.58;
    return inside(shank || stock || eye || arms);
  },
  bars: (x, y) =>
    inside(
      [0.3, 0.5, 0.7].some(
        (bar, index) => Math.abs(x - bar) < 0.065 && y < 0.74 && y > 0.58 - index * 0.16,
      ),
    ),
  globe: (x, y) => {
    const r = radius(x, y);
    const line = Math.abs(y - 0.5) < 0.018 || Math.abs(x - 0.5) < 0.018;
    const meridian = Math.abs(Math.hypot((x - 0.5) * 2, y - 0.5) - 0.28) < 0.03;
    return inside((Math.abs(r - 0.28) < 0.028 || line || meridian) && r < 0.31);
  },
  leaf: (x, y) => {
    const u = (x + y - 1) * 0.72;
    const v = (y - x) * 0.72;
    const body = Math.abs(u) < 0.3 && Math.abs(v) < 0.17 * (1 - (u / 0.3) ** 2);
    return inside(body && Math.abs(v) > 0.014);
  },
  chevron: (x, y) =>
    inside(
      [0.34, 0.54].some(
        (top) => Math.abs(y - top - Math.abs(x - 0.5) * 0.7) < 0.055 && Math.abs(x - 0.5) < 0.27,
      ),
    ),
  beam: (x, y) => {
    const tower = Math.abs(x - 0.32) < 0.035 + y * 0.05 && y > 0.4 && y < 0.78;
    const light = x > 0.38 && x < 0.82 && Math.abs(y - 0.32) < (x - 0.3) * 0.28;
    const lamp = Math.hypot(x - 0.32, y - 0.32) < 0.06;
    return Math.max(inside(tower || lamp), 0.6 * inside(light));
  },
  corner: (x, y) =>
    inside(x > 0.26 && y < 0.74 && x < 0.74 && y > 0.26 && !(x > 0.42 && y < 0.58)) ||
    inside(x > 0.54 && x < 0.74 && y > 0.26 && y < 0.46),
  sheaf: (x, y) => {
    const stalks = [-1, 0, 1].some(
      (side) => Math.abs(x - 0.5 - side * Math.abs(y - 0.55) * 0.45) < 0.028,
    );
    const band = Math.abs(y - 0.56) < 0.03 && Math.abs(x - 0.5) < 0.1;
    return inside((stalks && y > 0.24 && y < 0.78) || band);
  },
};

const drawn = new Map<string, Buffer>();

/** The mark on a square of `color` (`#rrggbb`), as PNG bytes. Drawn once, then cached. */
export function drawLogo(mark: LogoMark, color: string): Buffer {
  const key = mark + color;
  let png = drawn.get(key);
  if (!png) {
    png = encodePng(rasterise(MARKS[mark], color));
    drawn.set(key, png);
  }
  return png;
}

/** Rows of RGB, each led by PNG's filter byte. */
function rasterise(paint: Paint, color: string): Buffer {
  const base = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  const rows = Buffer.alloc(SIZE * (SIZE * 3 + 1));
  for (let y = 0; y < SIZE; y += 1) {
    for (let x = 0; x < SIZE; x += 1) {
      let white = 0;
      for (let sample = 0; sample < SAMPLES * SAMPLES; sample += 1) {
        const dx = ((sample % SAMPLES) + 0.5) / SAMPLES;
        const dy = (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES;
        white += paint((x + dx) / SIZE, (y + dy) / SIZE);
      }
      white /= SAMPLES * SAMPLES;
      const at = y * (SIZE * 3 + 1) + 1 + x * 3;
      base.forEach((value, channel) => {
        rows[at + channel] = Math.round(value + (255 - value) * white);
      });
    }
  }
  return rows;
}

function encodePng(rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIZE, 0);
  header.writeUInt32BE(SIZE, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(8 + typed.length);
  out.writeUInt32BE(data.length, 0);
  typed.copy(out, 4);
  out.writeUInt32BE(crc32(typed), 4 + typed.length);
  return out;
}
