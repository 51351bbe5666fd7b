import type { AltaConfig } from './config.ts'
import type { Scene } from './media/scenes.ts'

/** Which of an Alta's two listeners something is about. */
export type ListenerName = 'api' | 'ott'

/** How one receiver behaves: what the camera behind it would send. */
export interface ReceiverOptions {
  /** Id in the configuration, e.g. `gate-1`. */
  id: string
  /** Display name, burnt into the picture. Default: the id. */
  name?: string
  /** Source URL in the configuration. Default: `rtsp://<id>.camera.invalid/stream`. */
  source?: string
  /** `video` encodes on demand, `status` reports figures and never encodes. Default `video`. */
  kind?: 'video' | 'status'
  /** Default `h264`. */
  codec?: 'h264' | 'h265'
  /** Pixels. Default 1280. */
  width?: number
  /** Pixels. Default 720. */
  height?: number
  /** Frames a second; also the length of a GOP, so that a GOP lasts one second. Default 25. */
  fps?: number
  /** What the camera looks at. Default `test-card`, which moves. */
  scene?: Scene
  /** AAC in HLS and Opus in WHEP. Default false. */
  audio?: boolean
  /** Figure in kbit/s for `/api/status` while nothing is encoded. Default: derived from the picture size. */
  bitrateKbps?: number
  /** In `/api/config`. Default true. */
  enable?: boolean
  /** `status` receivers only: what `/api/status` says. Default true. */
  active?: boolean
}

/** How to start one simulated Alta server. */
export interface AltaServerOptions {
  /** Names the server in prints and on the control listener. Default `alta`. */
  name?: string
  /** Default `admin`. */
  login?: string
  /** Default `admin`. */
  password?: string
  /** Default none. */
  receivers?: ReceiverOptions[]
  /** Extra parts of the configuration, merged over the built-in ones: archives, channels, authorizers, users. */
  archives?: AltaConfig['ott']['archives']
  channels?: AltaConfig['ott']['channels']
  authorizers?: AltaConfig['ott']['authorizers']
  /** Origins that the OTT listener allows from the start. Default none: an unlisted page gets no CORS header. */
  allowOrigin?: string[]
  /** 0 picks a free port, which stays the same over `stop()` and `start()`. */
  apiPort?: number
  ottPort?: number
  /** Address that both listeners and WebRTC bind to. Default `127.0.0.1`. */
  host?: string
  /** What `/api/config` says. Default `250716`. */
  version?: string
  /** Seconds of one HLS segment. Alta's default is 4; tests use 1 or 2. */
  segmentSeconds?: number
  /** Segments in a live playlist. Default 8. */
  playlistSegments?: number
  /** Encode every video receiver from the start instead of on the first viewer. Default false. */
  alwaysEncode?: boolean
  /** How long an encoder runs on after its last viewer, ms. Default 5000. */
  encoderLingerMs?: number
  /** Path of ffmpeg. Default: `ALTA_SIM_FFMPEG`, then PATH, then the npm package. */
  ffmpegPath?: string
  /** Written as `Link: <...>; rel="ice-server"` in WHEP answers. Default none. */
  iceServers?: { url: string; username?: string; credential?: string }[]
  /** Recorded bytes kept per variant before the oldest are dropped (Alta's circular mode). Default 512 MiB. */
  recordingLimitBytes?: number
  /** Serve both listeners by TLS with a certificate that nobody trusts. Default false. */
  tls?: boolean
}

/** Everything of {@link AltaServerOptions} that has a default, filled in. */
export type ResolvedOptions = Required<Omit<AltaServerOptions, 'ffmpegPath'>> &
  Pick<AltaServerOptions, 'ffmpegPath'>

/** Fills in the defaults of Alta and of the simulator. */
export function resolveOptions(options: AltaServerOptions): ResolvedOptions {
  return {
    name: options.name ?? 'alta',
    login: options.login ?? 'admin',
    password: options.password ?? 'admin',
    receivers: options.receivers ?? [],
    archives: options.archives ?? {},
    channels: options.channels ?? {},
    authorizers: options.authorizers ?? {},
    allowOrigin: options.allowOrigin ?? [],
    apiPort: options.apiPort ?? 0,
    ottPort: options.ottPort ?? 0,
    host: options.host ?? '127.0.0.1',
    version: options.version ?? '250716',
    segmentSeconds: options.segmentSeconds ?? 4,
    playlistSegments: options.playlistSegments ?? 8,
    alwaysEncode: options.alwaysEncode ?? false,
    encoderLingerMs: options.encoderLingerMs ?? 5000,
    ffmpegPath: options.ffmpegPath,
    iceServers: options.iceServers ?? [],
    recordingLimitBytes: options.recordingLimitBytes ?? 512 * 1024 * 1024,
    tls: options.tls ?? false,
  }
}
