import { toOneLine } from '../../shared/domain/one-line.ts'

/** What some file system, or shell, takes for something else than a part of a name. */
const unsafe = /[\\/:*?"<>|%]/g
const devices = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i
/** File systems hold 255 bytes; a download gets ` (1)` or `.crdownload` behind it. */
const mostBytes = 180
const longestEnding = 16

/**
 * A name under which a file can be saved on any system: on one line, without a path, a device or a hidden file in it,
 * and short enough. The ending is kept.
 */
export function safeFileName(name: string): string {
  const line = toOneLine(name.slice(0, 1_000).normalize('NFC')).replace(unsafe, '_')
  const bare = trimmed(line)
  if (bare === '') return 'file'
  return shortened(devices.test(bare) ? `_${bare}` : bare)
}

/** Without the dots and spaces at its ends: a dot first hides a file, Windows drops what is last. */
function trimmed(name: string): string {
  const isEdge = (character: string | undefined): boolean => character === '.' || character === ' '
  let [start, end] = [0, name.length]
  while (start < end && isEdge(name[start])) start += 1
  while (end > start && isEdge(name[end - 1])) end -= 1
  return name.slice(start, end)
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= mostBytes) return name
  const dot = name.lastIndexOf('.')
  const ending = dot > 0 && name.length - dot <= longestEnding ? name.slice(dot) : ''
  const room = mostBytes - Buffer.byteLength(ending)
  let stem = ''
  for (const character of name.slice(0, name.length - ending.length)) {
    if (Buffer.byteLength(stem + character) > room) break
    stem += character
  }
  return `${trimmed(stem)}${ending}`
}

/** The name as a part of an address: letters, digits, dots, dashes and underscores. `name` is a safe one. */
export function nameInAddress(name: string): string {
  return name.replace(/[^\w.-]/g, '_').slice(0, 100)
}

/** The Content-Disposition with which a browser saves a file, and never shows it (RFC 6266). `name` is a safe one. */
export function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]/g, '_')
  const whole = plain === name ? '' : `; filename*=UTF-8''${extendedValue(name)}`
  return `attachment; filename="${plain}"${whole}`
}

/** RFC 8187, section 3.2.1: fewer characters stand for themselves than in an address. */
function extendedValue(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
