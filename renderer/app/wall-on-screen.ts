import { shallowRef } from 'vue'

/** The player of a wall, as far as the rest of the page needs it. */
export interface ShownWall {
  /** True while any of its tiles shows moving pictures. */
  isPlaying(): boolean
  /** Whether anybody can see the window that the page is in; the page itself cannot always know. */
  setWindowSeen(seen: boolean): void
}

const wall = shallowRef<ShownWall | null>(null)

/** The wall that this page shows; null while it shows none. */
export const wallOnScreen = wall

/** Tells the page that it shows this wall, until the returned function is called. */
export function showsWall(shown: ShownWall): () => void {
  wall.value = shown
  return () => {
    if (wall.value === shown) wall.value = null
  }
}
