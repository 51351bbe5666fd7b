import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runTool } from './processes.ts'

const sources = ['main', 'preload', 'renderer', 'shared', 'electron.vite.config.ts', 'package-lock.json']
const stamp = join(root, 'out', '.built')

/** Builds `out/` when a source is newer than the last build, and says so; ends the process when that fails. */
export function buildIfStale(): void {
  if (existsSync(stamp) && newestChange() <= statSync(stamp).mtimeMs) return
  build()
}

/** Builds `out/` from scratch. */
export function build(): void {
  console.log('Alta Desk: building...')
  const code = runTool('node_modules/electron-vite/bin/electron-vite.js', ['build', '--logLevel', 'warn'])
  if (code !== 0) {
    console.error('Alta Desk: the build failed; its message stands above.')
    process.exit(1)
  }
  writeFileSync(stamp, '')
}

function newestChange(): number {
  return Math.max(...sources.map((source) => newestIn(join(root, source))))
}

function newestIn(path: string): number {
  const own = statSync(path).mtimeMs
  if (!statSync(path).isDirectory()) return own
  return Math.max(own, ...readdirSync(path).map((name) => newestIn(join(path, name))))
}
