import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AltaConfig } from '../config.ts'
import type { ReceiverStream } from '../media/receiver-stream.ts'
import type { Segment } from '../media/segmenter.ts'
import type { PlaylistEntry } from './playlists.ts'

/** A recorded segment: its bytes lie in a file. */
export interface RecordedSegment extends PlaylistEntry {
  file: string
  bytes: number
}

/** A stretch of recorded time, Unix seconds. */
export interface RecordedRange {
  from: number
  duration: number
}

interface Recording {
  channel: string
  /** Archive and place, to notice that the storage was changed. */
  storage: string
  folder: string
  segments: RecordedSegment[]
  bytes: number
  stream: ReceiverStream | undefined
  stop: () => void
}

interface WantedRecording {
  channel: string
  variant: string
  storage: string
  retentionMs: number
  stream: ReceiverStream
}

const MAXIMUM_HOLE_MS = 1500
const FOLDER_PREFIX = 'alta-simulator-'

/** Folders of this process, removed at the latest when it ends. */
const roots = new Set<string>()
process.once('exit', () => {
  for (const root of roots) rmSync(root, { recursive: true, force: true })
})

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    // EPERM: somebody else's process, which runs.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** A new folder for recordings; what simulators that were killed left behind is removed on the way. */
function newRoot(): string {
  for (const name of readdirSync(tmpdir())) {
    const owner = new RegExp(`^${FOLDER_PREFIX}(\\d+)-`).exec(name)?.[1]
    if (owner !== undefined && !isRunning(Number(owner))) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true })
    }
  }
  const root = mkdtempSync(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`))
  roots.add(root)
  return root
}

/** What the recorder needs of the server around it. */
export interface RecorderEnvironment {
  config: AltaConfig
  limitBytes: number
  streamOf: (receiverId: string) => ReceiverStream | undefined
  /** Whether the disk takes nothing more. */
  diskIsFull: () => boolean
}

/** Records the channels that have an archive, and clears what Alta would clear. */
export class Recorder {
  private readonly environment: RecorderEnvironment
  private readonly recordings = new Map<string, Recording>()
  private root: string | undefined
  private folders = 0

  constructor(environment: RecorderEnvironment) {
    this.environment = environment
  }

  /** Brings the recordings in line with the configuration. */
  reconcile(): void {
    const wanted = new Map(this.wanted().map((entry) => [`${entry.channel}/${entry.variant}`, entry]))
    for (const [key, recording] of this.recordings) {
      if (this.storageOf(recording.channel) !== recording.storage) {
        recording.stop()
        rmSync(recording.folder, { recursive: true, force: true })
        this.recordings.delete(key)
      } else if (wanted.get(key)?.stream !== recording.stream) {
        recording.stop()
        recording.stream = undefined
      }
    }
    for (const [key, entry] of wanted) {
      const recording = this.recordings.get(key) ?? this.add(key, entry)
      this.expire(recording, Date.now() - entry.retentionMs)
      if (!recording.stream) this.record(recording, entry.stream)
    }
  }

  /** Stops recording; what is recorded stays. */
  stop(): void {
    for (const recording of this.recordings.values()) {
      recording.stop()
      recording.stream = undefined
    }
  }

  /** Stops recording and removes every file. */
  dispose(): void {
    this.stop()
    this.recordings.clear()
    if (this.root !== undefined) rmSync(this.root, { recursive: true, force: true })
    this.root = undefined
  }

  /** What is recorded of a variant, oldest first. */
  segments(channel: string, variant: string): readonly RecordedSegment[] {
    return this.recordings.get(`${channel}/${variant}`)?.segments ?? []
  }

  /** Bytes of a recorded segment; undefined when it is not (or no longer) there. */
  async read(channel: string, variant: string, name: string): Promise<Buffer | undefined> {
    const segment = this.segments(channel, variant).find((candidate) => candidate.name === name)
    return segment && readFile(segment.file)
  }

  /** Recorded ranges of a channel between two moments in ms; of its first recorded variant. */
  ranges(channel: string, fromMs: number, toMs: number): RecordedRange[] {
    const recording = [...this.recordings.values()].find((candidate) => candidate.channel === channel)
    return recordedRanges(recording?.segments ?? [], fromMs, toMs)
  }

  /** Archive and place of a channel's recordings; undefined when it has none. */
  private storageOf(channelId: string): string | undefined {
    const { ott } = this.environment.config
    const archiveId = Object.hasOwn(ott.channels, channelId) ? ott.channels[channelId]?.archive : undefined
    const archive = archiveId && Object.hasOwn(ott.archives, archiveId) ? ott.archives[archiveId] : undefined
    return archive && `${archiveId} ${JSON.stringify(archive.local ?? {})}`
  }

  private wanted(): WantedRecording[] {
    const { config, streamOf } = this.environment
    return Object.entries(config.ott.channels).flatMap(([channel, value]) => {
      const storage = this.storageOf(channel)
      if (storage === undefined || value.enable === false) return []
      const hours = value.duration || config.ott.archives[value.archive ?? '']?.duration || 1
      return Object.entries(value.variants ?? {}).flatMap(([variant, { receiver }]) => {
        const stream = streamOf(receiver)
        return stream ? [{ channel, variant, storage, retentionMs: hours * 3_600_000, stream }] : []
      })
    })
  }

  private add(key: string, { channel, storage }: WantedRecording): Recording {
    this.root ??= newRoot()
    this.folders += 1
    const folder = join(this.root, String(this.folders))
    mkdirSync(folder)
    const recording: Recording = {
      channel,
      storage,
      folder,
      segments: [],
      bytes: 0,
      stream: undefined,
      stop: () => undefined,
    }
    this.recordings.set(key, recording)
    return recording
  }

  private record(recording: Recording, stream: ReceiverStream): void {
    const release = stream.acquire()
    const unsubscribe = stream.onSegment((segment) => this.keep(recording, segment))
    recording.stream = stream
    recording.stop = () => {
      unsubscribe()
      release()
      recording.stop = () => undefined
    }
  }

  private keep(recording: Recording, { data, ...entry }: Segment): void {
    if (this.environment.diskIsFull()) return
    const file = join(recording.folder, entry.name)
    writeFileSync(file, data)
    recording.segments.push({ ...entry, file, bytes: data.length })
    recording.bytes += data.length
    // Alta's circular mode: on a disk that runs full the oldest go first.
    while (recording.bytes > this.environment.limitBytes) this.dropOldest(recording)
  }

  private expire(recording: Recording, beforeMs: number): void {
    while ((recording.segments[0]?.startEpochMs ?? Infinity) < beforeMs) this.dropOldest(recording)
  }

  private dropOldest(recording: Recording): void {
    const oldest = recording.segments.shift()
    if (!oldest) return
    recording.bytes -= oldest.bytes
    rmSync(oldest.file, { force: true })
  }
}

/** Joins segments that follow each other into ranges, cut to the asked time (ms), in whole Unix seconds. */
export function recordedRanges(
  segments: readonly PlaylistEntry[],
  fromMs: number,
  toMs: number,
): RecordedRange[] {
  const ranges: { startMs: number; endMs: number }[] = []
  for (const { startEpochMs, durationMs } of segments) {
    const startMs = Math.max(startEpochMs, fromMs)
    const endMs = Math.min(startEpochMs + durationMs, toMs)
    if (endMs <= startMs) continue
    const last = ranges.at(-1)
    if (last && startMs - last.endMs <= MAXIMUM_HOLE_MS) last.endMs = endMs
    else ranges.push({ startMs, endMs })
  }
  return ranges.map(({ startMs, endMs }) => ({
    from: Math.floor(startMs / 1000),
    duration: Math.round((endMs - startMs) / 1000),
  }))
}
