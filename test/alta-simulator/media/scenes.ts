/**
 * What a camera looks at. `test-card` moves all the time; in the others nothing happens: `noisy-still` as a cheap sensor sees
 * it, `denoised-still` as a camera that removes its noise, `black-night` with hardly any noise left, `still-with-clock` where
 * nothing but a small clock with seconds moves.
 */
export const scenes = [
  'test-card',
  'noisy-still',
  'denoised-still',
  'black-night',
  'still-with-clock',
] as const
export type Scene = (typeof scenes)[number]

/** The parts of ffmpeg's filter graph that make a scene. */
export interface SceneGraph {
  /** A lavfi source. */
  source: string
  /** Filters behind the one that sets the time stamps. */
  filters: string[]
}

interface SceneOptions {
  width: number
  height: number
  fps: number
  /** A drawtext option with the font. */
  font: string
  /** Text of a drawtext filter: the time of day with seconds. */
  clock: string
}

/** Edges and smooth areas, the same in every frame: the first picture of a zoom into the Mandelbrot set. */
function stillSource({ width, height, fps }: SceneOptions): string {
  const zoom = `mandelbrot=s=${width}x${height}:r=${fps}:start_scale=0.4:end_scale=0.3`
  return `${zoom},trim=end_frame=1,loop=loop=-1:size=1:start=0,setpts=N/${fps}/TB`
}

/** The filter graph of a scene in which nothing happens. */
export function stillScene(scene: Exclude<Scene, 'test-card'>, options: SceneOptions): SceneGraph {
  const { width, height, fps, font, clock } = options
  const source = stillSource(options)
  switch (scene) {
    case 'noisy-still':
      return { source, filters: ['format=yuv420p', 'noise=alls=12:allf=t+u'] }
    case 'denoised-still':
      return { source, filters: ['format=yuv420p', 'noise=alls=3:allf=t', 'hqdn3d=8:6:40:30'] }
    case 'black-night':
      return {
        source: `color=c=black:s=${width}x${height}:r=${fps}`,
        filters: ['format=yuv420p', 'noise=alls=1:allf=t'],
      }
    case 'still-with-clock': {
      const text = `drawtext=${font}:text='${clock}':fontsize=h/16:x=w-w/4:y=h/60:fontcolor=white`
      return { source, filters: ['format=yuv420p', text] }
    }
  }
}
