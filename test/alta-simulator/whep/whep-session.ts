import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket } from 'werift'
import type { AudioFrame, Frame, VideoFrame } from '../media/frame.ts'
import type { ReceiverStream } from '../media/receiver-stream.ts'
import type { SessionEndReason, SessionInfo } from '../ott/sessions.ts'
import { h264Payloads } from './h264-payloads.ts'
import {
  iceFragmentOf,
  narrowToOurH264,
  withBundledPorts,
  withIceCredentials,
  withSessionIceLite,
} from './session-description.ts'
import type { IceFragment } from './session-description.ts'

/** A viewer that sends no connectivity check for so long has gone (RFC 7675). */
const CONSENT_TIMEOUT_MS = 30_000
/** ICE and DTLS must be done in this time. */
const CONNECT_TIMEOUT_MS = 10_000
const SUPERVISION_MS = 1000
const GATHER_TIMEOUT_MS = 2000

const h264 = (): RTCRtpCodecParameters =>
  new RTCRtpCodecParameters({
    mimeType: 'video/H264',
    clockRate: 90_000,
    rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
    parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  })
const opus = (): RTCRtpCodecParameters =>
  new RTCRtpCodecParameters({
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    parameters: 'minptime=10;useinbandfec=1',
  })

/** What a session needs of its surroundings. */
export interface WhepSessionEnvironment {
  info: SessionInfo
  stream: ReceiverStream
  host: string
  /** `ice`: answer no connectivity check; `media`: send no picture. */
  silence: () => 'ice' | 'media' | undefined
  /** The audio track stays silent. */
  mute: () => boolean
  /** Per cent of RTP packets to lose just now. */
  lossPercent: () => number
  onEnd: (reason: SessionEndReason) => void
}

/**
 * One viewer over WebRTC. It behaves like a pass-through server: it starts with the next key frame of the camera and
 * answers a picture loss indication with nothing.
 */
export class WhepSession {
  private readonly environment: WhepSessionEnvironment
  private readonly peer: RTCPeerConnection
  private readonly video = new MediaStreamTrack({ kind: 'video' })
  private readonly audio: MediaStreamTrack | undefined
  private readonly release: () => void
  private readonly unsubscribe: () => void
  private readonly supervision: NodeJS.Timeout
  private readonly epochBaseMs = Date.now()
  private offer: string | undefined
  private lastCheckAt = Date.now()
  private videoSequence = Math.floor(Math.random() * 0x8000)
  private audioSequence = Math.floor(Math.random() * 0x8000)
  private closed = false

  constructor(environment: WhepSessionEnvironment) {
    this.environment = environment
    const { host, stream } = environment
    const anyAddress = host === '0.0.0.0' || host === '::'
    this.peer = new RTCPeerConnection({
      codecs: { video: [h264()], audio: [opus()] },
      headerExtensions: {},
      iceServers: [],
      iceLite: true,
      iceUseTcp: false,
      // Without any interface of its own choice werift offers exactly the additional ones.
      iceUseIpv4: anyAddress,
      iceUseIpv6: false,
      iceAdditionalHostAddresses: anyAddress ? ['127.0.0.1'] : [host],
      iceInterfaceAddresses: anyAddress ? undefined : { udp4: host },
      bundlePolicy: 'max-bundle',
      iceFilterStunResponse: () => {
        this.lastCheckAt = Date.now()
        environment.info.lastSeenAt = this.lastCheckAt
        return environment.silence() !== 'ice'
      },
    })
    this.peer.addTransceiver(this.video, { direction: 'sendonly' })
    if (stream.receiver.audio) {
      this.audio = new MediaStreamTrack({ kind: 'audio' })
      this.peer.addTransceiver(this.audio, { direction: 'sendonly' })
    }
    this.peer.connectionStateChange.subscribe((state) => this.onState(state))
    this.release = stream.acquire()
    this.unsubscribe = stream.onFrame((frame) => this.send(frame))
    this.supervision = setInterval(() => this.supervise(), SUPERVISION_MS)
  }

  /** Our answer to a viewer's offer, with all our candidates in it. Rejects when werift cannot make sense of it. */
  async answer(offer: string): Promise<string> {
    this.offer = withBundledPorts(offer)
    const sdp = withoutCandidates(narrowToOurH264(this.offer))
    await this.peer.setRemoteDescription({ type: 'offer', sdp })
    await this.peer.setLocalDescription(await this.peer.createAnswer())
    return this.gathered()
  }

  /** An offer of our own (WHEP counter-offer). */
  async counterOffer(): Promise<string> {
    await this.peer.setLocalDescription(await this.peer.createOffer())
    return this.gathered()
  }

  /** Takes the viewer's answer to our own offer. */
  async accept(answer: string): Promise<void> {
    this.offer = answer
    this.degradeLosses()
    await this.peer.setRemoteDescription({ type: 'answer', sdp: withoutCandidates(answer) })
  }

  /** New ICE credentials from the viewer; resolves to the fragment with ours. DTLS goes on. */
  async restartIce(fragment: IceFragment): Promise<string> {
    if (this.offer === undefined) throw new Error('no session description yet')
    const offer = withIceCredentials(this.offer, fragment)
    await this.peer.setRemoteDescription({ type: 'offer', sdp: narrowToOurH264(offer) })
    await this.peer.setLocalDescription(await this.peer.createAnswer())
    this.offer = offer
    const answer = await this.gathered()
    // werift does not listen for checks of the new generation by itself once DTLS is up.
    for (const transport of this.peer.iceTransports) {
      transport.start().catch(() => this.end('lost'))
    }
    return iceFragmentOf(answer)
  }

  /** The viewer's current SDP. */
  get remoteDescription(): string | undefined {
    return this.offer
  }

  /** Ends the session; abruptly means that the viewer hears nothing of it, as when a cable is cut. */
  async close(abruptly: boolean): Promise<void> {
    if (this.closed) return
    this.closed = true
    clearInterval(this.supervision)
    this.unsubscribe()
    this.release()
    if (abruptly) for (const { connection } of this.peer.iceTransports) await connection.close()
    await this.peer.close()
  }

  private async gathered(): Promise<string> {
    if (this.peer.iceGatheringState !== 'complete') {
      await this.peer.iceGatheringStateChange.watch((state) => state === 'complete', GATHER_TIMEOUT_MS)
    }
    this.degradeLosses()
    return withSessionIceLite(this.peer.localDescription?.sdp ?? '')
  }

  private onState(state: string): void {
    if (state === 'connected') {
      this.environment.info.connectedAt ??= Date.now()
      // The viewer's close_notify reaches the DTLS transport only, not the connection's state.
      for (const transport of this.peer.dtlsTransports) {
        transport.onStateChange.subscribe((dtls) => {
          if (dtls === 'closed') this.end('closed')
        })
      }
    }
    if (state === 'closed' || state === 'failed') this.end('closed')
  }

  private supervise(): void {
    const now = Date.now()
    const { connectedAt, createdAt } = this.environment.info
    if (connectedAt === undefined && now - createdAt > CONNECT_TIMEOUT_MS) this.end('lost')
    else if (now - this.lastCheckAt > CONSENT_TIMEOUT_MS) this.end('lost')
  }

  private end(reason: SessionEndReason): void {
    if (!this.closed) this.environment.onEnd(reason)
  }

  private send(frame: Frame): void {
    const { info, silence } = this.environment
    if (this.closed || info.connectedAt === undefined || silence() !== undefined) return
    if (frame.kind === 'video') this.sendVideo(frame)
    else if (frame.codec === 'opus' && !this.environment.mute() && info.firstKeyframeSentAt !== undefined)
      this.sendAudio(frame)
  }

  private sendVideo(frame: VideoFrame): void {
    const { info } = this.environment
    if (frame.codec !== 'h264' || (info.firstKeyframeSentAt === undefined && !frame.keyFrame)) return
    frame.rtpPayloads ??= h264Payloads(frame.data)
    const timestamp = Math.round((frame.epochMs - this.epochBaseMs) * 90) >>> 0
    for (const { payload, marker } of frame.rtpPayloads) {
      const sequenceNumber = this.videoSequence
      this.videoSequence = (this.videoSequence + 1) & 0xffff
      this.video.writeRtp(new RtpPacket(new RtpHeader({ sequenceNumber, timestamp, marker }), payload))
    }
    info.firstKeyframeSentAt ??= Date.now()
  }

  private sendAudio({ data, epochMs }: AudioFrame): void {
    const timestamp = Math.round((epochMs - this.epochBaseMs) * 48) >>> 0
    const sequenceNumber = this.audioSequence
    this.audioSequence = (this.audioSequence + 1) & 0xffff
    this.audio?.writeRtp(new RtpPacket(new RtpHeader({ sequenceNumber, timestamp }), data))
  }

  private readonly degraded = new WeakSet<object>()

  /** Loses packets on the way out, behind werift's own store, so that it can send lost ones again when asked. */
  private degradeLosses(): void {
    for (const { connection } of this.peer.iceTransports) {
      if (this.degraded.has(connection)) continue
      this.degraded.add(connection)
      const send = connection.send.bind(connection)
      connection.send = async (data: Buffer) => {
        const isMedia = ((data[0] ?? 0) & 0xc0) === 0x80
        if (isMedia && Math.random() * 100 < this.environment.lossPercent()) return
        await send(data)
      }
    }
  }
}

/**
 * As an ICE-lite agent we only answer checks and never send them, so we need none of the viewer's candidates; Chromium's
 * are mDNS names, whose look-up would only cost time.
 */
function withoutCandidates(sdp: string): string {
  return sdp.replace(/^a=candidate:.*\r?\n/gm, '')
}
