/** What this browser remembers under `key`, or null; a browser that refuses storage remembers nothing. */
export function readLocal(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch (_refused) {
    // Storage is blocked by the browser's settings; the page works without it.
    return null
  }
}

/** Remembers `value` where the browser allows it. */
export function writeLocal(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch (_refused) {
    // Storage is full or blocked; the choice then lasts as long as the page.
  }
}
