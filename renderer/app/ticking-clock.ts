import { onScopeDispose, shallowRef } from 'vue'
import type { ShallowRef } from 'vue'

const now = shallowRef(Date.now())
let users = 0
let timer: ReturnType<typeof setTimeout> | undefined

function tick(): void {
  now.value = Date.now()
  // Aimed at the next full second, so that a clock on screen never skips one.
  timer = setTimeout(tick, 1_000 - (now.value % 1_000) + 5)
}

/** Milliseconds since the epoch, new every second; one timer for the whole page, none when nobody looks. */
export function useNow(): Readonly<ShallowRef<number>> {
  users += 1
  if (users === 1) tick()
  onScopeDispose(() => {
    users -= 1
    if (users === 0) clearTimeout(timer)
  })
  return now
}
