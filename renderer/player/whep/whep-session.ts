import type { LiveSource } from '../../../shared/contract/live.ts'
import type { AttemptFailure } from '../failures.ts'
import type { Ledger, Scope } from '../ledger.ts'
import type { MediaSample, PictureSession, Reached, SessionEvents } from '../session.ts'
import { WhepFrameSizes } from './frame-sizes.ts'
import { IceCandidates } from './ice-candidates.ts'
import { iceServersOf } from './link-header.ts'
import { acceptsVideo, parseFragment, sdpFragment, withIce } from './sdp-fragment.ts'
import type { WhepAddress } from './whep-answer.ts'
import type { PostResult, WhepRequests } from './whep-requests.ts'
import { videoSample } from './video-sample.ts'

const POST_TIMEOUT_MS = 5000
const CONNECT_TIMEOUT_MS = 5000
const GATHER_MS = 2000
/** Candidates are sent together; this is how long the first ones wait for the rest. */
const TRICKLE_WAIT_MS = 250
/** `disconnected` often passes by itself. */
const DISCONNECTED_MS = 2500
/** How long an unconnected session waits before relays that it has only just learnt of are used. */
const RELAY_WAIT_MS = 1500

/**
 * Whether a server's answer to PATCH means that it takes no candidates afterwards. Clients go by the class of a status (RFC 9725):
 * servers that know no PATCH say 400, 404 or 405, or ask for a token or an ETag that they never gave us. "Too many" is only for now.
 */
const refusesTrickle = (status: number): boolean =>
  (status >= 400 && status < 500 && status !== 429) || status === 501

/** What is known of one server's WHEP, kept from session to session. */
export interface WhepTraits {
  iceServers: RTCIceServer[]
  /** Trickle is refused there and did not connect without: offers carry all candidates. */
  wholeOffer: boolean
}

/** What a session needs around it. */
export interface WhepSurroundings {
  readonly ledger: Ledger
  readonly requests: WhepRequests
  readonly traitsOf: (serverId: string | null) => WhepTraits
  readonly reached: (serverId: string, url: string, outcome: Reached) => void
  readonly log: (message: string, detail?: unknown) => void
}

/**
 * One WHEP session (draft-ietf-wish-whep, RFC 9725): offer, trickle, ICE restart, counter-offer and its end. One object is one
 * generation: after `close` every late answer is dropped, and a session granted late is deleted.
 */
export class WhepSession implements PictureSession {
  private readonly around: WhepSurroundings
  private readonly video: HTMLVideoElement
  private readonly events: SessionEvents
  private readonly scope: Scope
  private readonly media = new MediaStream()
  private peerScope: Scope
  private peer: RTCPeerConnection
  private candidates: IceCandidates
  private readonly offered: Promise<void>
  private source: LiveSource | null = null
  private address: WhepAddress | null = null
  private connected = false
  private patchRefused = false
  private restarts = 0
  private repairing: Promise<boolean> | null = null
  private usesRelaysOf: RTCIceServer[]
  private readonly frameSizes = new WhepFrameSizes()

  /** Makes the offer at once, while the ticket is still on its way. `serverId` is the expected server. */
  constructor(
    around: WhepSurroundings,
    serverId: string | null,
    video: HTMLVideoElement,
    events: SessionEvents,
  ) {
    this.around = around
    this.video = video
    this.events = events
    this.scope = around.ledger.scope()
    this.usesRelaysOf = around.traitsOf(serverId).iceServers
    this.peerScope = around.ledger.scope()
    this.peer = this.newPeer()
    this.candidates = new IceCandidates(this.peer, this.peerScope)
    this.peer.addTransceiver('video', { direction: 'recvonly' })
    this.peer.addTransceiver('audio', { direction: 'recvonly' })
    this.offered = this.peer.setLocalDescription()
    // Handled in start(); a session that is closed before that has nobody to tell.
    this.offered.catch(() => undefined)
  }

  start(source: LiveSource): void {
    this.source = source
    void this.guard(async () => {
      await this.offered
      if (this.scope.disposed) return
      if (!this.traits.wholeOffer) return this.post()
      this.candidates.gathered(this.scope, GATHER_MS, () => this.post())
    })
  }

  async sample(): Promise<MediaSample | null> {
    const receiver = this.peer
      .getTransceivers()
      .find(({ receiver: { track } }) => track.kind === 'video')?.receiver
    if (!receiver || this.scope.disposed) return null
    return videoSample(await receiver.getStats(), this.scope.clock.now(), this.frameSizes)
  }

  /** Restarts ICE where the server supports that (it gave an ETag); the media goes on over the new path. */
  async repair(): Promise<boolean> {
    this.repairing ??= this.restartIce()
      .catch((error: unknown) => {
        if (!this.scope.disposed) this.around.log('An ICE restart failed.', error)
        return false
      })
      .finally(() => (this.repairing = null))
    return this.repairing
  }

  private async restartIce(): Promise<boolean> {
    const { address, peer } = this
    if (this.scope.disposed || !address?.url || address.etag === null || this.patchRefused) return false
    if (peer.signalingState !== 'stable') return false
    const restart = ++this.restarts
    const before = peer.remoteDescription?.sdp ?? ''
    this.candidates.restart()
    const offer = await peer.createOffer({ iceRestart: true })
    await peer.setLocalDescription(offer)
    await new Promise<void>((resolve) => this.candidates.gathered(this.scope, TRICKLE_WAIT_MS, resolve))
    if (this.scope.disposed) return true
    const body = sdpFragment(
      peer.localDescription?.sdp ?? '',
      this.candidates.found,
      this.candidates.complete,
    )
    const result = body === null ? null : await this.around.requests.patchFragment(address, body, '*')
    // Only the answer to the last request counts; and nobody waits for one that comes after the end.
    if (this.scope.disposed || restart !== this.restarts) return true
    const ice = result?.status === 200 ? parseFragment(result.body) : null
    if (!ice) {
      // Refused: the old ICE session stays as it is.
      await peer.setLocalDescription({ type: 'rollback' })
      return false
    }
    this.address = { ...address, etag: result?.etag ?? address.etag }
    await peer.setRemoteDescription({ type: 'answer', sdp: withIce(before, ice) })
    return true
  }

  close(): void {
    if (this.scope.disposed) return
    this.around.requests.delete(this.address ?? undefined)
    this.video.srcObject = null
    this.peerScope.dispose()
    this.scope.dispose()
  }

  private get traits(): WhepTraits {
    return this.around.traitsOf(this.source?.serverId ?? null)
  }

  private newPeer(): RTCPeerConnection {
    const scope = this.peerScope
    const configuration: RTCConfiguration = { bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' }
    const peer = this.withRelays(configuration)
    scope.hold('peerConnections')
    scope.defer(() => peer.close())
    scope.listen(peer, 'track', (event) => this.onTrack((event as RTCTrackEvent).track))
    scope.listen(peer, 'connectionstatechange', () => this.onState(peer.connectionState))
    return peer
  }

  /** A server may name relays that this browser refuses; it is played without them then. */
  private withRelays(configuration: RTCConfiguration): RTCPeerConnection {
    try {
      return new RTCPeerConnection({ ...configuration, iceServers: this.usesRelaysOf })
    } catch (error) {
      this.around.log('The server named ICE servers that this browser refuses.', error)
      this.usesRelaysOf = []
      return new RTCPeerConnection(configuration)
    }
  }

  private onTrack(track: MediaStreamTrack): void {
    this.media.addTrack(track)
    if (track.kind === 'audio') this.awaitSound(track)
    if (this.video.srcObject !== this.media) this.video.srcObject = this.media
  }

  /** Servers answer with an audio track whether the camera has a microphone or not; the first packet unmutes it. */
  private awaitSound(track: MediaStreamTrack): void {
    if (!track.muted) return this.events.sound()
    this.peerScope.listen(track, 'unmute', () => this.events.sound())
  }

  private onState(state: RTCPeerConnectionState): void {
    if (state === 'connected' && !this.connected) {
      this.connected = true
      this.events.connected()
    } else if (state === 'failed' || state === 'closed') {
      this.fail({ reason: this.connected ? 'connection-lost' : 'no-connection' })
    } else if (state === 'disconnected') {
      this.scope.after(DISCONNECTED_MS, () => {
        if (this.peer.connectionState === 'disconnected') void this.repairOrFail()
      })
    }
  }

  private async repairOrFail(): Promise<void> {
    await this.guard(async () => {
      if (!(await this.repair())) this.fail({ reason: 'connection-lost' })
    })
  }

  private post(): void {
    const { source, scope, around } = this
    const sdp = this.peer.localDescription?.sdp
    if (!source || sdp === undefined || scope.disposed) return
    let cancelTimeout = (): void => undefined
    const leave = around.requests.post(source, sdp, {
      sent: () => {
        cancelTimeout = scope.after(POST_TIMEOUT_MS, () => {
          leave()
          around.reached(source.serverId, source.url, 'timed-out')
          this.fail({ reason: 'server-busy' })
        })
      },
      result: (result) => {
        cancelTimeout()
        around.reached(source.serverId, source.url, result.kind === 'unanswered' ? 'failed' : 'answered')
        void this.guard(() => this.onResult(result))
      },
    })
    scope.defer(leave)
  }

  private async onResult(result: PostResult): Promise<void> {
    if (result.kind === 'unanswered') return this.fail({ reason: 'server-unreachable' })
    this.address = result.session ?? null
    if (result.kind === 'failure') return this.fail(result.failure)
    this.learnRelays(result.session.link)
    if (result.kind === 'counter-offer') return this.answerOffer(result)
    if (!acceptsVideo(result.sdp)) return this.fail({ reason: 'codec-not-playable' })
    await this.peer.setRemoteDescription({ type: 'answer', sdp: result.sdp })
    if (this.scope.disposed) return
    this.awaitConnection()
    this.planTrickle()
  }

  /** 406: the server offers. A new peer connection answers; the one that offered is of no more use. */
  private async answerOffer({ sdp, until }: Extract<PostResult, { kind: 'counter-offer' }>): Promise<void> {
    this.peerScope.dispose()
    this.peerScope = this.around.ledger.scope()
    const peer = (this.peer = this.newPeer())
    this.candidates = new IceCandidates(peer, this.peerScope)
    await peer.setRemoteDescription({ type: 'offer', sdp })
    for (const transceiver of peer.getTransceivers()) transceiver.direction = 'recvonly'
    await peer.setLocalDescription()
    const answer = peer.localDescription?.sdp ?? ''
    if (this.scope.disposed || !this.address) return
    if (this.scope.clock.wallNow() > until) return this.fail({ reason: 'server-refused' })
    const patched = await this.around.requests.patchAnswer(this.address, answer)
    if (this.scope.disposed) return
    if (!patched || patched.status < 200 || patched.status > 299)
      return this.fail({ reason: 'server-refused' })
    this.address = { ...this.address, etag: patched.etag ?? this.address.etag }
    this.awaitConnection()
    this.planTrickle()
  }

  private awaitConnection(): void {
    this.scope.after(CONNECT_TIMEOUT_MS, () => {
      if (!this.connected) this.fail({ reason: 'no-connection' })
    })
  }

  /** Relays named by the server serve the next session, and this one too if it does not connect without them. */
  private learnRelays(link: string | null): void {
    const iceServers = iceServersOf(link)
    this.traits.iceServers = iceServers
    if (iceServers.length === 0 || JSON.stringify(iceServers) === JSON.stringify(this.usesRelaysOf)) return
    this.scope.after(RELAY_WAIT_MS, () => {
      if (this.connected) return
      void this.guard(async () => {
        this.peer.setConfiguration({ ...this.peer.getConfiguration(), iceServers })
        await this.repair()
      })
    })
  }

  private planTrickle(): void {
    // After the whole offer there is nothing left to tell.
    if (this.traits.wholeOffer) return
    this.candidates.gathered(this.scope, TRICKLE_WAIT_MS, () => void this.guard(() => this.trickle()))
  }

  private async trickle(): Promise<void> {
    const { address, candidates } = this
    if (!address?.url || this.restarts > 0) return
    const { complete } = candidates
    const body = sdpFragment(this.peer.localDescription?.sdp ?? '', candidates.found, complete)
    if (body === null) return
    const result = await this.around.requests.patchFragment(address, body, address.etag)
    if (this.scope.disposed) return
    if (result !== null && refusesTrickle(result.status)) return this.withoutTrickle()
    if (!complete)
      this.candidates.gathered(this.scope, GATHER_MS, () => void this.guard(() => this.trickle()))
  }

  /** Most servers connect all the same, for they see where our checks come from; where not, the next offer is whole. */
  private withoutTrickle(): void {
    this.patchRefused = true
    this.scope.after(1000, () => {
      if (this.connected) return
      this.traits.wholeOffer = true
      this.fail({ reason: 'no-connection', again: true })
    })
  }

  private fail(failure: AttemptFailure): void {
    if (!this.scope.disposed) this.events.failed(failure)
  }

  /** What the browser throws at a description or a state is the end of this session, not of the page. */
  private async guard(step: () => void | Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      if (this.scope.disposed) return
      this.around.log('A WHEP session failed.', error)
      this.fail({ reason: 'server-refused' })
    }
  }
}
