// Draws media/icon.png, 256 × 256: an arched gate in a wall. Plain pixels, no dependency.
import { writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";
import { inRoot } from "./lib/paths.mjs";

const size = 256;
const samples = 4;
const wall = [31, 41, 59];
const stone = [148, 163, 184];
const light = [250, 204, 121];

/** The colour at a point, or undefined outside of the picture's rounded square. */
function colourAt(x, y) {
  const edge = 40;
  const dx = Math.max(edge - x, 0, x - (size - edge));
  const dy = Math.max(edge - y, 0, y - (size - edge));
  if (Math.hypot(dx, dy) > edge) return undefined;
  const inArch = (half, top) => {
    const centre = size / 2;
    if (y > 208 || Math.abs(x - centre) > half) return false;
    return y >= top + half || Math.hypot(x - centre, y - (top + half)) <= half;
  };
  if (inArch(44, 92)) {
    const bar = Math.abs(x - 128) < 4 || Math.abs(y - 150) < 4 || Math.abs(y - 184) < 4;
    return bar ? wall : light;
  }
  if (inArch(60, 76)) return stone;
  const battlement = y > 52 && y < 64 && x > 28 && x < 228;
  const merlon = y > 34 && y <= 52 && x > 28 && x < 228 && Math.floor((x - 28) / 25) % 2 === 0;
  const ground = y > 208 && y < 216 && x > 28 && x < 228;
  return battlement || merlon || ground ? stone : wall;
}

const rows = [];
for (let y = 0; y < size; y++) {
  const row = Buffer.alloc(1 + size * 4);
  for (let x = 0; x < size; x++) {
    const sum = [0, 0, 0, 0];
    for (let sy = 0; sy < samples; sy++) {
      for (let sx = 0; sx < samples; sx++) {
        const colour = colourAt(x + (sx + 0.5) / samples, y + (sy + 0.5) / samples);
        if (!colour) continue;
        colour.forEach((part, index) => {
          sum[index] += part;
        });
        sum[3]++;
      }
    }
    const [red, green, blue, hits] = sum;
    const pixel =
      hits === 0 ? [0, 0, 0, 0] : [red / hits, green / hits, blue / hits, (255 * hits) / samples ** 2];
    row.set(pixel.map(Math.round), 1 + x * 4);
  }
  rows.push(row);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

const header = Buffer.alloc(13);
header.writeUInt32BE(size, 0);
header.writeUInt32BE(size, 4);
// 8 bits a channel, RGBA.
header.set([8, 6, 0, 0, 0], 8);
const picture = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  chunk("IHDR", header),
  chunk("IDAT", deflateSync(Buffer.concat(rows), { level: 9 })),
  chunk("IEND", Buffer.alloc(0)),
]);
writeFileSync(inRoot("media", "icon.png"), picture);
