import type Hls from 'hls.js'

/** True where the browser lets pages build media themselves, which hls.js needs. */
export function hasMediaSource(): boolean {
  return 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis
}

/** hls.js is large and most walls never need it: it is a chunk of its own, fetched at the first use. */
export async function loadHls(): Promise<{ Hls: typeof Hls; workerUrl: string }> {
  const [library, worker] = await Promise.all([import('hls.js'), import('hls.js/dist/hls.worker.js?url')])
  return { Hls: library.default, workerUrl: worker.default }
}
