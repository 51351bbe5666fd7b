// node scripts/icons.ts: draws the application's icons into resources/icons, from the shape of renderer/public/favicon.svg.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PNG } from 'pngjs'
import { root } from './processes.ts'

type Point = readonly [x: number, y: number]
type Colour = readonly [red: number, green: number, blue: number]

/** The drawing, on a canvas of 32 by 32 units: a rounded square and the letter A with its hole. */
const canvasUnits = 32
const cornerUnits = 7
const letter: readonly Point[] = [
  [6, 23],
  [13, 9],
  [19, 9],
  [26, 23],
  [21, 23],
  [19.6, 20],
  [12.4, 20],
  [11, 23],
]
const hole: readonly Point[] = [
  [14.3, 16],
  [17.7, 16],
  [16, 12.3],
]
const violet: Colour = [0x6a, 0x57, 0xe0]
const white: Colour = [0xff, 0xff, 0xff]
const black: Colour = [0, 0, 0]

/** Samples per pixel and direction: an edge gets 64 shades. */
const samples = 8

function inPolygon([x, y]: Point, corners: readonly Point[]): boolean {
  let inside = false
  corners.forEach(([x1, y1], index) => {
    const [x2, y2] = corners[(index + 1) % corners.length] ?? [x1, y1]
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside
  })
  return inside
}

function inLetter(point: Point): boolean {
  return inPolygon(point, letter) && !inPolygon(point, hole)
}

function inRoundedSquare([x, y]: Point): boolean {
  const middle = canvasUnits / 2
  const straight = middle - cornerUnits
  const dx = Math.max(Math.abs(x - middle) - straight, 0)
  const dy = Math.max(Math.abs(y - middle) - straight, 0)
  return dx * dx + dy * dy <= cornerUnits * cornerUnits
}

/** Draws one square picture; `colourAt` says the colour of a point of the canvas, or null for transparent. */
function draw(sizePixels: number, colourAt: (point: Point) => Colour | null): Buffer {
  const png = new PNG({ width: sizePixels, height: sizePixels })
  for (let row = 0; row < sizePixels; row++) {
    for (let column = 0; column < sizePixels; column++) {
      const found = pixelSamples(sizePixels, column, row).map(colourAt)
      png.data.set(average(found), (row * sizePixels + column) * 4)
    }
  }
  return PNG.sync.write(png)
}

function pixelSamples(sizePixels: number, column: number, row: number): Point[] {
  const unit = canvasUnits / sizePixels
  const offsets = Array.from({ length: samples }, (_, index) => (index + 0.5) / samples)
  return offsets.flatMap((dy) => offsets.map((dx): Point => [(column + dx) * unit, (row + dy) * unit]))
}

function average(found: readonly (Colour | null)[]): [number, number, number, number] {
  const seen = found.filter((colour) => colour !== null)
  const channel = (index: 0 | 1 | 2): number =>
    Math.round(seen.reduce((sum, colour) => sum + colour[index], 0) / Math.max(seen.length, 1))
  return [channel(0), channel(1), channel(2), Math.round((255 * seen.length) / found.length)]
}

function applicationIcon(sizePixels: number): Buffer {
  return draw(sizePixels, (point) => (inLetter(point) ? white : inRoundedSquare(point) ? violet : null))
}

/** macOS colours a template image itself, for a light menu bar and a dark one. */
function templateIcon(sizePixels: number): Buffer {
  return draw(sizePixels, (point) => (inLetter(point) ? black : null))
}

/** An ICO file of PNG pictures: Windows Vista and later read them at any size (up to 256). */
function ico(sizes: readonly number[]): Buffer {
  const pictures = sizes.map(applicationIcon)
  const header = Buffer.alloc(6 + 16 * sizes.length)
  header.writeUInt16LE(1, 2)
  header.writeUInt16LE(sizes.length, 4)
  let offset = header.length
  sizes.forEach((size, index) => {
    const entry = 6 + 16 * index
    const length = pictures[index]?.length ?? 0
    header.writeUInt8(size % 256, entry)
    header.writeUInt8(size % 256, entry + 1)
    header.writeUInt16LE(1, entry + 4)
    header.writeUInt16LE(32, entry + 6)
    header.writeUInt32LE(length, entry + 8)
    header.writeUInt32LE(offset, entry + 12)
    offset += length
  })
  return Buffer.concat([header, ...pictures])
}

/** The types of an ICNS file that hold PNG pictures, with their size in pixels. */
const icnsTypes: readonly (readonly [type: string, sizePixels: number])[] = [
  ['ic11', 32],
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic14', 512],
  ['ic09', 512],
  ['ic10', 1024],
]

function icns(): Buffer {
  const entries = icnsTypes.map(([type, sizePixels]) => icnsBlock(type, applicationIcon(sizePixels)))
  return icnsBlock('icns', Buffer.concat(entries))
}

function icnsBlock(type: string, content: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.write(type, 'latin1')
  header.writeUInt32BE(header.length + content.length, 4)
  return Buffer.concat([header, content])
}

const folder = join(root, 'resources/icons')
mkdirSync(join(folder, 'linux'), { recursive: true })
const files: Readonly<Record<string, Buffer>> = {
  'icon.png': applicationIcon(512),
  'icon.ico': ico([16, 24, 32, 48, 64, 128, 256]),
  'icon.icns': icns(),
  'tray.png': applicationIcon(16),
  'tray@2x.png': applicationIcon(32),
  'trayTemplate.png': templateIcon(16),
  'trayTemplate@2x.png': templateIcon(32),
  ...Object.fromEntries(
    [16, 32, 48, 64, 128, 256, 512].map((size) => [`linux/${size}x${size}.png`, applicationIcon(size)]),
  ),
}
for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
console.log(`${Object.keys(files).length} icons are in ${folder}`)
