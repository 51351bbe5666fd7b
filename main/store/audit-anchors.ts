import { appendFileSync, closeSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { anchorMark } from '../platform/logging.ts'
import { privateFileMode } from '../platform/private-modes.ts'
import { isSame, sealOf } from './audit-chain.ts'
import type { ChainKeys, ChainPoint } from './audit-chain.ts'

/** A signed statement that the log had this row at that time (ms). Kept outside the database, it betrays a cut. */
export interface AuditAnchor {
  readonly at: number
  readonly point: ChainPoint
}

/** What a line says: an anchor; a text in the form of one that no key of this desk signed; or null, neither. */
export type AnchorReading = AuditAnchor | 'unsigned' | null

const purpose = 'audit anchor line'
const pattern =
  /alta-desk-anchor v1 ((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\d{1,15}) ([\w-]{43}) ([0-9a-f]{8})) ([\w-]{43})(?![\w-])/
/** 30,000 lines, three years of a desk that is never restarted; the file before this one is kept as well. */
const largestFileBytes = 5 * 1024 * 1024
/** Longer lines are no anchors of ours, nor lines of our log that could hold one; the rest of them is passed over. */
const longestLineBytes = 16 * 1024
const pieceBytes = 64 * 1024

/** One line, without its end. Throws where the active key cannot be derived from. */
export function anchorLine({ at, point }: AuditAnchor, keys: ChainKeys): string {
  const key = keys.key(keys.activeId)
  if (!key) throw new Error('The active key of the key ring cannot be derived from.')
  const stated = `${new Date(at).toISOString()} ${point.seq} ${point.hmac} ${keys.activeId}`
  return `${anchorMark} v1 ${stated} ${sealOf(key, purpose, stated)}`
}

/** Reads an anchor wherever it stands in a line, so that the desk's log serves as well as the file. */
export function readAnchor(line: string, keys: ChainKeys): AnchorReading {
  const [, stated, time, seq, hmac, keyId, seal] = pattern.exec(line) ?? []
  if (stated === undefined || time === undefined || hmac === undefined) return null
  if (keyId === undefined || seal === undefined) return null
  const key = keys.key(keyId)
  if (!key || !isSame(sealOf(key, purpose, stated), seal)) return 'unsigned'
  return { at: Date.parse(time), point: { seq: Number(seq), hmac } }
}

/** Where the anchors of a database are written: beside it and its backups. */
export function anchorFileOf(databasePath: string): string {
  return join(dirname(databasePath), `${basename(databasePath, extname(databasePath))}-audit-anchors.txt`)
}

/**
 * Adds a line to the file; one that has grown too large is put aside as `.1` first, in the place of the one before.
 * Throws what the disk throws.
 */
export function addAnchor(file: string, line: string): void {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (bytes > largestFileBytes) renameSync(file, `${file}.1`)
  // A line that a power cut left unfinished must not swallow this one.
  const begin = bytes === 0 || bytes > largestFileBytes || endsLine(file, bytes) ? '' : '\n'
  appendFileSync(file, `${begin}${line}\n`, { mode: privateFileMode, flush: true })
}

/** The newest anchor of the file; null where there is no file, or no anchor in it. Throws what the disk throws. */
export function newestAnchor(file: string, keys: ChainKeys): AnchorReading {
  let newest: AnchorReading = null
  for (const { text } of linesOf(file, { ifMissing: 'empty', lastBytes: pieceBytes }))
    newest = readAnchor(text, keys) ?? newest
  return newest
}

interface Line {
  readonly number: number
  readonly text: string
}

interface ReadingOptions {
  readonly ifMissing: 'empty' | 'throw'
  /** Only so much of the end is read; lines are then counted from there. */
  readonly lastBytes?: number
}

/** The lines of a file of any size, of which only a piece is in memory. Throws what the disk throws. */
export function* linesOf(file: string, { ifMissing, lastBytes }: ReadingOptions): Generator<Line, void> {
  const size = statSync(file, { throwIfNoEntry: ifMissing === 'throw' })?.size
  if (size === undefined) return
  const handle = openSync(file, 'r')
  try {
    const piece = Buffer.alloc(pieceBytes)
    let [at, number, rest] = [Math.max(0, size - (lastBytes ?? size)), 0, '']
    for (let read = readSync(handle, piece, 0, pieceBytes, at); read > 0;) {
      const lines = (rest + piece.toString('latin1', 0, read)).split('\n')
      rest = (lines.pop() ?? '').slice(0, longestLineBytes)
      for (const text of lines) yield { number: ++number, text: text.slice(0, longestLineBytes) }
      at += read
      read = readSync(handle, piece, 0, pieceBytes, at)
    }
    if (rest !== '') yield { number: number + 1, text: rest }
  } finally {
    closeSync(handle)
  }
}

function endsLine(file: string, bytes: number): boolean {
  const handle = openSync(file, 'r')
  try {
    const last = Buffer.alloc(1)
    readSync(handle, last, 0, 1, bytes - 1)
    return last.toString('latin1') === '\n'
  } finally {
    closeSync(handle)
  }
}
