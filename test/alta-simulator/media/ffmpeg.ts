import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** An ffmpeg that can make our pictures. */
export interface Ffmpeg {
  path: string
  hasH265: boolean
  hasOpus: boolean
  /** The option that switches frame duplication off was renamed in ffmpeg 5.1. */
  passthroughOption: '-vsync' | '-fps_mode'
}

const run = promisify(execFile)
const require = createRequire(import.meta.url)
const found = new Map<string, Promise<Ffmpeg>>()

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}

/** The candidates in their order: configured, `ALTA_SIM_FFMPEG`, PATH, npm package. */
function candidates(configured: string | undefined): string[] {
  const binary = process.platform === 'win32' ? 'ffmpeg.exe' : 'ffmpeg'
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, binary))
  const installer = require('@ffmpeg-installer/ffmpeg') as { path: string }
  const named = [configured, process.env['ALTA_SIM_FFMPEG']].filter((path) => path !== undefined)
  return [...named, ...[...onPath, installer.path].filter(isExecutable)]
}

/** What a binary can do; undefined when it cannot draw text on H.264. */
async function probe(path: string): Promise<Ffmpeg | undefined> {
  const [encoders, filters, version] = await Promise.all([
    run(path, ['-hide_banner', '-encoders']),
    run(path, ['-hide_banner', '-filters']),
    run(path, ['-version']),
  ])
  if (!encoders.stdout.includes('libx264 ') || !filters.stdout.includes(' drawtext ')) return undefined
  const major = Number(/^ffmpeg version n?(\d+)\./.exec(version.stdout)?.[1] ?? 4)
  return {
    path,
    hasH265: encoders.stdout.includes('libx265 '),
    hasOpus: encoders.stdout.includes('libopus '),
    passthroughOption: major >= 6 ? '-fps_mode' : '-vsync',
  }
}

async function search(configured: string | undefined): Promise<Ffmpeg> {
  const tried = candidates(configured)
  for (const path of tried) {
    const ffmpeg = await probe(path)
    if (ffmpeg) return ffmpeg
  }
  throw new Error(`no ffmpeg with libx264 and drawtext among: ${tried.join(', ')}`)
}

/** Finds a usable ffmpeg, once per process. Rejects when a named one does not run or none can be found. */
export function findFfmpeg(configured?: string): Promise<Ffmpeg> {
  const key = configured ?? ''
  const known = found.get(key)
  if (known) return known
  const searching = search(configured)
  found.set(key, searching)
  return searching
}

/** Font of the burnt-in text; FreeType reads WOFF, so that no font must be installed on the machine. */
export function fontPath(): string {
  return require.resolve('@fontsource/dejavu-mono/files/dejavu-mono-latin-400-normal.woff')
}
