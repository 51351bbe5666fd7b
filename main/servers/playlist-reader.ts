import type { AltaReceiverStatus, CallContext } from '../alta/alta-types.ts'
import { createHlsStatus } from '../alta/hls-status.ts'
import type { HlsStatus } from '../alta/hls-status.ts'
import type { Clock } from '../platform/clock.ts'
import type { AreaLogger } from '../platform/logging.ts'
import type { ExpectedCamera } from './queries.ts'

/** Playlists read in one round: each of them is a viewer's session on Alta. */
const perRound = 6
/** A camera that somebody opened is read first for so long. */
const watchedMs = 60_000

/** Reads the state of a server's cameras from their playlists, a few in each round, where Alta has no status call. */
export class PlaylistReader {
  readonly #clock: Clock
  readonly #logger: AreaLogger
  readonly #watchedUntilMs = new Map<string, number>()
  #hls: { readonly streamOrigin: string; readonly status: HlsStatus } | null = null
  #turn = 0

  constructor(clock: Clock, logger: AreaLogger) {
    this.#clock = clock
    this.#logger = logger
  }

  /** Somebody opened this camera: its state matters now. */
  noteWatched(channelId: string): void {
    this.#watchedUntilMs.set(channelId, this.#clock.monotonicMs() + watchedMs)
  }

  /** By receiver id; `token` must start a session of that camera. */
  async read(
    call: CallContext,
    streamOrigin: string,
    cameras: readonly ExpectedCamera[],
    token: (camera: ExpectedCamera) => Promise<string>,
  ): Promise<Map<string, AltaReceiverStatus>> {
    const status = this.#statusOf(streamOrigin)
    const read = await Promise.all(
      this.#due(cameras).map(async (camera) => {
        const stats = await status.read(call, camera.channelId, await token(camera))
        return [camera.receiverId, stats] as const
      }),
    )
    return new Map(read)
  }

  /** Length of a channel's segments, milliseconds, where its playlist was read; else null. */
  segmentMs(channelId: string): number | null {
    return this.#hls?.status.segmentMs(channelId) ?? null
  }

  async stop(): Promise<void> {
    await this.#hls?.status.stop()
  }

  /** Cameras that are open somewhere first, then a few others in turn. */
  #due(cameras: readonly ExpectedCamera[]): ExpectedCamera[] {
    const now = this.#clock.monotonicMs()
    for (const [channelId, until] of this.#watchedUntilMs)
      if (until < now) this.#watchedUntilMs.delete(channelId)
    const isWatched = ({ channelId }: ExpectedCamera): boolean => this.#watchedUntilMs.has(channelId)
    const watched = cameras.filter(isWatched).slice(0, perRound)
    const others = cameras.filter((camera) => !isWatched(camera))
    // At least one of the others, however many are watched: none is forgotten.
    const room = Math.min(others.length, Math.max(1, perRound - watched.length))
    const from = others.length === 0 ? 0 : this.#turn % others.length
    this.#turn = from + room
    return [...watched, ...[...others.slice(from), ...others.slice(0, from)].slice(0, room)]
  }

  #statusOf(streamOrigin: string): HlsStatus {
    if (this.#hls?.streamOrigin !== streamOrigin) {
      void this.#hls?.status.stop()
      const status = createHlsStatus({ streamOrigin, clock: this.#clock, logger: this.#logger })
      this.#hls = { streamOrigin, status }
    }
    return this.#hls.status
  }
}
