import { computed, shallowReactive } from 'vue'
import { failureCode } from '../../ui/failures.ts'

/** How one receiver fares while cameras are imported. */
export interface ImportLine {
  readonly receiverId: string
  readonly name: string
  readonly state: 'waiting' | 'importing' | 'done' | 'failed' | 'cancelled' | 'take-over'
  readonly failure: unknown
  /** The channel's path, where another desk made it and an administrator may type it to take it over. */
  readonly expectedPath: string | null
}

/** Imports one receiver; `takeOver` is the typed path of a channel that another desk left behind. */
export type ImportOne = (receiverId: string, takeOver?: string) => Promise<unknown>

/**
 * Imports receivers one after the other, so that a failure names its receiver and Cancel leaves no half camera: the one
 * under way is finished, the rest is left out.
 */
export function useImportJob(importOne: ImportOne) {
  const lines = shallowReactive<ImportLine[]>([])
  const progress = shallowReactive({ running: false, cancelled: false, startedAt: 0 })
  const finished = computed(
    () => lines.filter((line) => !['waiting', 'importing'].includes(line.state)).length,
  )
  const done = computed(() => lines.filter((line) => line.state === 'done').length)

  function set(index: number, change: Partial<ImportLine>): void {
    const line = lines[index]
    if (line) lines[index] = { ...line, ...change }
  }

  async function importAt(index: number, takeOver?: string): Promise<void> {
    const line = lines[index]
    if (!line) return
    set(index, { state: 'importing', failure: null })
    try {
      await importOne(line.receiverId, takeOver)
      set(index, { state: 'done', expectedPath: null })
    } catch (error) {
      const expectedPath = expectedPathOf(error)
      set(index, { state: expectedPath === null ? 'failed' : 'take-over', failure: error, expectedPath })
    }
  }

  async function start(receivers: readonly { id: string; name: string }[]): Promise<void> {
    lines.splice(
      0,
      lines.length,
      ...receivers.map(({ id, name }): ImportLine => {
        return { receiverId: id, name, state: 'waiting', failure: null, expectedPath: null }
      }),
    )
    Object.assign(progress, { running: true, cancelled: false, startedAt: Date.now() })
    for (const index of lines.keys()) {
      if (progress.cancelled) set(index, { state: 'cancelled' })
      else await importAt(index)
    }
    progress.running = false
  }

  return {
    lines,
    progress,
    finished,
    done,
    start,
    takeOver: (index: number, path: string) => importAt(index, path),
    cancel: () => (progress.cancelled = true),
    clear: () => lines.splice(0),
  }
}

function expectedPathOf(error: unknown): string | null {
  if (failureCode(error) !== 'TAKE_OVER_NEEDED' || typeof error !== 'object' || error === null) return null
  const data: unknown = 'data' in error ? error.data : null
  if (typeof data !== 'object' || data === null || !('expected' in data)) return null
  return typeof data.expected === 'string' ? data.expected : null
}
