import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Ffmpeg } from './ffmpeg.ts'
import { fontPath } from './ffmpeg.ts'
import type { Frame } from './frame.ts'
import { isKeyFrame } from './nal-units.ts'
import { stillScene } from './scenes.ts'
import type { Scene, SceneGraph } from './scenes.ts'
import { OPUS_PID, splitOpus, TransportStreamDemuxer, VIDEO_PID } from './transport-stream-demuxer.ts'

/** The picture to make. */
export interface Picture {
  name: string
  codec: 'h264' | 'h265'
  width: number
  height: number
  fps: number
  audio: boolean
  scene: Scene
  /** 0 to 359, so that cameras can be told apart. */
  hue: number
}

/** Every ffmpeg of this process, ended when it ends. */
const running = new Set<ChildProcessByStdio<null, Readable, Readable>>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

function hslToHex(hue: number): string {
  const channel = (shift: number): string => {
    const position = (shift + hue / 30) % 12
    const value = 0.28 - 0.14 * Math.max(-1, Math.min(position - 3, 9 - position, 1))
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0')
  }
  return `0x${channel(0)}${channel(8)}${channel(4)}`
}

/** drawtext gives these characters a meaning of its own; a camera's name loses nothing without them. */
function plainText(text: string): string {
  return text.replace(/[\\'%:,;[\]]/g, ' ')
}

/** Font path as a filter option: drive colons and backslashes of Windows would end the option. */
function escapedFontPath(): string {
  return fontPath().replaceAll('\\', '/').replace(':', '\\:')
}

/** The test card: a name, a clock that is exact to the frame, and a mark that wanders across the picture. */
function testCard({ name, width, height, fps, hue }: Picture, font: string, baseSeconds: number): SceneGraph {
  const box = 'fontcolor=white:box=1:boxcolor=black@0.7:boxborderw=4'
  const clock = `${timeOfDay(baseSeconds)}.%{eif\\:mod(t*1000\\,1000)\\:d\\:3}`
  return {
    source: `color=c=${hslToHex(hue)}:s=${width}x${height}:r=${fps}`,
    filters: [
      `drawtext=${font}:text='${plainText(name)}':fontsize=h/12:x=h/20:y=h/20:${box}`,
      `drawtext=${font}:text='${clock}':fontsize=h/8:x=h/20:y=h-h/5:${box}`,
      `drawtext=${font}:text='<o>':fontsize=h/5:fontcolor=yellow:x='mod(t*w/4,w)':y='h*0.4+h/8*sin(t*2)'`,
    ],
  }
}

function timeOfDay(baseSeconds: number): string {
  return `%{pts\\:gmtime\\:${baseSeconds}\\:%H\\\\\\:%M\\\\\\:%S}`
}

function sceneGraph(picture: Picture, baseSeconds: number): SceneGraph {
  const font = `fontfile='${escapedFontPath()}'`
  if (picture.scene === 'test-card') return testCard(picture, font, baseSeconds)
  return stillScene(picture.scene, { ...picture, font, clock: timeOfDay(baseSeconds) })
}

/** Time stamps start at the wall clock's distance from `baseSeconds` and then count frames. */
function wallClockStart(baseSeconds: number): string {
  return `(if(eq(N,0),st(0,RTCTIME/1000000-${baseSeconds}),0)*0+ld(0)/TB)`
}

function ffmpegArguments(picture: Picture, ffmpeg: Ffmpeg, baseSeconds: number): string[] {
  const { fps, codec, audio, hue } = picture
  const graph = sceneGraph(picture, baseSeconds)
  const timeStamps = `setpts='${wallClockStart(baseSeconds)}+N/${fps}/TB'`
  const gop = String(fps)
  const sound = `sine=frequency=${220 + hue}:beep_factor=4:sample_rate=48000`
  const x265 = `keyint=${gop}:min-keyint=${gop}:scenecut=0:bframes=0:log-level=error:pools=1:frame-threads=1:repeat-headers=1`
  const input = ['-re', '-f', 'lavfi', '-i', graph.source]
  const video =
    codec === 'h265'
      ? [
          '-c:v',
          'libx265',
          '-preset',
          'ultrafast',
          '-tune',
          'zerolatency',
          '-x265-params',
          x265,
          '-crf',
          '30',
        ]
      : [
          ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline'],
          ...['-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-threads', '1', '-crf', '26'],
          ...['-x264-params', 'repeat-headers=1'],
        ]
  const maps = audio ? ['-map', '0:v', '-map', '1:a', '-map', '1:a'] : ['-map', '0:v']
  const audioFilter = `asetpts='if(eq(N,0),st(0,RTCTIME/1000000-${baseSeconds}),0)*0+(ld(0)+N/SR)/TB'`
  return [
    ...['-nostdin', '-hide_banner', '-loglevel', 'error', ...input],
    ...(audio ? ['-re', '-f', 'lavfi', '-i', sound] : []),
    ...[...maps, '-vf', [timeStamps, ...graph.filters].join(','), '-pix_fmt', 'yuv420p', ...video],
    ...[ffmpeg.passthroughOption, 'passthrough'],
    ...(audio ? ['-af', audioFilter, '-c:a:0', 'aac', '-c:a:1', 'libopus', '-b:a', '48k', '-ac', '1'] : []),
    ...['-muxdelay', '0', '-muxpreload', '0', '-flush_packets', '1', '-pes_payload_size', '0'],
    ...['-omit_video_pes_length', '0', '-f', 'mpegts', 'pipe:1'],
  ]
}

/** One running ffmpeg that makes one receiver's stream. */
export class Encoder {
  private readonly child: ChildProcessByStdio<null, Readable, Readable>
  private complaints = ''

  /**
   * Starts at once. `onEnd` gets ffmpeg's complaint when it ends without being told to; a dead parent ends ffmpeg by
   * the broken pipe.
   */
  constructor(
    picture: Picture,
    ffmpeg: Ffmpeg,
    onFrame: (frame: Frame) => void,
    onEnd: (complaint: string) => void,
  ) {
    const baseSeconds = Math.floor(Date.now() / 1000)
    const child = spawn(ffmpeg.path, ffmpegArguments(picture, ffmpeg, baseSeconds), {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    })
    this.child = child
    running.add(child)
    const demuxer = new TransportStreamDemuxer(({ pid, pts, data }) => {
      const epochMs = baseSeconds * 1000 + pts / 90
      if (pid === VIDEO_PID) {
        const { codec } = picture
        onFrame({ kind: 'video', codec, data, epochMs, keyFrame: isKeyFrame(codec, data) })
      } else if (pid === OPUS_PID) {
        for (const [index, packet] of splitOpus(data).entries()) {
          onFrame({ kind: 'audio', codec: 'opus', data: packet, epochMs: epochMs + index * 20 })
        }
      } else onFrame({ kind: 'audio', codec: 'aac', data, epochMs })
    })
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.stopped) demuxer.write(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      this.complaints = (this.complaints + chunk.toString('utf8')).slice(-2000)
    })
    child.once('error', (error) => onEnd(error.message))
    child.once('exit', (code, signal) => {
      running.delete(child)
      if (!this.stopped) onEnd(`ffmpeg ended (${signal ?? code}): ${this.complaints.trim()}`)
    })
  }

  private stopped = false

  /** Ends ffmpeg; no frame comes after this call. */
  stop(): void {
    this.stopped = true
    this.child.kill('SIGKILL')
  }
}
