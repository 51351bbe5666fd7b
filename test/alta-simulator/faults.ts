import type { Socket } from 'node:net'
import type { ListenerName } from './options.ts'

/** Where a fault applies; what is left out means everywhere. */
export interface FaultScope {
  listener?: ListenerName
  receiver?: string
  channel?: string
}

/** Every fault with the parameters that it takes beside its scope. */
export interface FaultParameters {
  /** Listener closed: connection refused. On `ott` running sessions die as well. */
  refuse: Record<never, never>
  /** Connections are taken, nothing is ever answered. */
  hang: Record<never, never>
  /** Every answer comes late. Default 2000 ms. */
  slow: { delayMs?: number }
  /** 200 with bytes that are neither JSON nor a playlist. */
  garbage: Record<never, never>
  /** 200 with a web page. */
  html: Record<never, never>
  /** 200 with a huge JSON body. Default 50 MB. */
  huge: { bytes?: number }
  /** Half of an answer, then the socket is closed. */
  'half-closed': Record<never, never>
  /** Every request is answered 500. */
  'error-500': Record<never, never>
  /** All logins are dropped at once; with `always`, new ones are worth nothing either. */
  unauthorized: { always?: boolean }
  /** Alta's clock is off: `Date` header, securetoken and timeshift. Default 600 s ahead. */
  'clock-skew': { seconds?: number }
  /** The source stops; the last full picture is delivered again and again at the usual frame rate; status says inactive. */
  'receiver-frozen': Record<never, never>
  /** The source stops and nothing more is delivered: playlists stand still. */
  'receiver-stalled': Record<never, never>
  /** This Alta has no WHEP: 404. */
  'whep-absent': Record<never, never>
  /** WHEP answers and connects, but no picture comes; with `stage: 'ice'` it does not even connect. */
  'whep-silent': { stage?: 'media' | 'ice' }
  /** POST is answered 406 with an offer of Alta's own. */
  'whep-counter-offer': Record<never, never>
  /** POST is answered 409 with Retry-After. Default 1 s. */
  'whep-not-live': { retryAfterSeconds?: number }
  /** POST is answered 503 with Retry-After. Default 1 s. */
  'whep-busy': { retryAfterSeconds?: number }
  /** PATCH is answered 405: no trickle, no ICE restart. */
  'whep-no-patch': Record<never, never>
  /** WHEP answers with an audio track and never sends anything on it. */
  'whep-no-sound': Record<never, never>
  /** So many of 100 WebRTC packets are lost. Default 5. */
  'packet-loss': { percent?: number }
  /** Playlists without EXT-X-PROGRAM-DATE-TIME. */
  'no-program-date-time': Record<never, never>
  /** `/api/status` is 404. */
  'no-status': Record<never, never>
  /** `recording_status.json` is 404. */
  'no-recording-status': Record<never, never>
  /** Every account is an observer: 403 on writes. */
  observer: Record<never, never>
  /** A version older than receivers: none in the configuration, no calls for them. */
  'no-receivers': Record<never, never>
  /** Configuration cannot be written (500) and nothing is recorded. */
  'disk-full': Record<never, never>
}

export type FaultName = keyof FaultParameters

/** A fault that is in force. */
export interface ActiveFault {
  name: FaultName
  scope: FaultScope
  parameters: Record<string, unknown>
}

const ALL: Record<FaultName, string> = {
  refuse: 'listener closed: connection refused; on ott running sessions die as well [listener]',
  hang: 'connections are taken, nothing is answered [listener]',
  slow: 'every answer is late [listener, delayMs=2000]',
  garbage: '200 with bytes that are no JSON and no playlist [listener]',
  html: '200 with a web page [listener]',
  huge: '200 with a huge JSON body [listener, bytes=52428800]',
  'half-closed': 'half of an answer, then the socket is closed [listener]',
  'error-500': 'every request is answered 500 [listener]',
  unauthorized: 'all logins are dropped at once [always: new ones are worth nothing either]',
  'clock-skew': 'the clock is off: Date header, securetoken, timeshift [seconds=600]',
  'receiver-frozen':
    'the source stops, its last full picture goes on at the usual frame rate, status says inactive [receiver]',
  'receiver-stalled': 'the source stops and playlists stand still [receiver]',
  'whep-absent': 'WHEP is 404 [channel]',
  'whep-silent': 'WHEP answers and sends nothing [channel, stage=media|ice]',
  'whep-counter-offer': 'WHEP answers 406 with an offer of its own [channel]',
  'whep-not-live': 'WHEP answers 409 with Retry-After [channel, retryAfterSeconds=1]',
  'whep-busy': 'WHEP answers 503 with Retry-After [channel, retryAfterSeconds=1]',
  'whep-no-patch': 'WHEP answers 405 to PATCH [channel]',
  'whep-no-sound': 'WHEP announces sound and sends none [receiver, channel]',
  'packet-loss': 'WebRTC packets are lost [channel, percent=5]',
  'no-program-date-time': 'playlists without EXT-X-PROGRAM-DATE-TIME [channel]',
  'no-status': '/api/status is 404',
  'no-recording-status': 'recording_status.json is 404 [channel]',
  observer: 'every account is an observer: 403 on writes',
  'no-receivers': 'a version older than receivers',
  'disk-full': 'configuration cannot be written (500), nothing is recorded',
}

/** Name and one line about each fault, for the command line and the README. */
export const faultDescriptions: Readonly<Record<FaultName, string>> = ALL

/** Whether a string from outside names a fault. */
export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(ALL, name)
}

function sameScope(left: FaultScope, right: FaultScope): boolean {
  return (
    left.listener === right.listener && left.receiver === right.receiver && left.channel === right.channel
  )
}

/** The faults that are in force on one server. */
export class FaultBoard {
  private active: ActiveFault[] = []
  /** Connections that a hang has taken: they end with it, as those of a server that is started again do. */
  private readonly held = new Map<Socket, FaultScope>()

  /** Sets a fault; the same fault with the same scope is replaced. */
  set(fault: ActiveFault): void {
    this.clear(fault.name, fault.scope)
    this.active.push(fault)
  }

  /** Removes a fault everywhere, or only the one with exactly this scope. */
  clear(name: FaultName, scope?: FaultScope): void {
    this.active = this.active.filter(
      (fault) => fault.name !== name || (scope !== undefined && !sameScope(fault.scope, scope)),
    )
    this.release()
  }

  clearAll(): void {
    this.active = []
    this.release()
  }

  /** Keeps a connection unanswered for as long as the server hangs. */
  hold(socket: Socket, place: FaultScope): void {
    this.held.set(socket, place)
    socket.once('close', () => this.held.delete(socket))
  }

  private release(): void {
    for (const [socket, place] of this.held) if (!this.find('hang', place)) socket.destroy()
  }

  list(): readonly ActiveFault[] {
    return this.active
  }

  /** The parameters of a fault if it holds for this place, else undefined. */
  find<N extends FaultName>(name: N, place: FaultScope = {}): FaultParameters[N] | undefined {
    const found = this.active.find(
      ({ name: other, scope }) =>
        other === name &&
        (scope.listener === undefined || scope.listener === place.listener) &&
        (scope.receiver === undefined || scope.receiver === place.receiver) &&
        (scope.channel === undefined || scope.channel === place.channel),
    )
    return found?.parameters as FaultParameters[N] | undefined
  }
}
