import { readFileSync } from 'node:fs'

/** Where the system does not say: what every system that we support allows at least. */
const assumedLimit = 2048
/** More than any desk needs; some systems allow a billion. */
const largestUseful = 65_536
const limitLine = /^Max open files +(\d{1,15}|unlimited) /m

/**
 * How many descriptors (sockets, files) this process may have open at a time: the soft limit that Linux states, 2048
 * elsewhere, at most 65536. Read when asked, for Node raises its soft limit as it starts.
 */
export function descriptorLimit(limitsFile = '/proc/self/limits'): number {
  let text: string
  try {
    text = readFileSync(limitsFile, 'utf8')
  } catch (_error) {
    // Not Linux, or no /proc.
    return assumedLimit
  }
  const stated = limitLine.exec(text)?.[1]
  if (stated === undefined) return assumedLimit
  return stated === 'unlimited' ? largestUseful : Math.min(largestUseful, Number(stated))
}
