import { randomUUID } from 'node:crypto'

/** Somebody who watches. Times in ms since 1970. */
export interface SessionInfo {
  id: string
  protocol: 'hls' | 'whep'
  channel: string
  /** WHEP: the variant that plays; HLS: the last one that was asked for. */
  variant: string | undefined
  ip: string
  userAgent: string
  createdAt: number
  lastSeenAt: number
  /** WHEP: when the last RTP packet of the first key frame was handed to the network. */
  firstKeyframeSentAt?: number
  /** WHEP: when ICE and DTLS were done. */
  connectedAt?: number
  endedAt?: number
  endReason?: SessionEndReason
}

/**
 * Why a session ended. `delete` is the polite way; `closed` is the viewer's DTLS close; `lost` means that nothing was
 * heard of the viewer any more.
 */
export type SessionEndReason = 'delete' | 'closed' | 'lost' | 'expired' | 'channel-changed' | 'server-stopped'

/** What is known when a session starts. */
export type NewSession = Pick<SessionInfo, 'protocol' | 'channel' | 'variant' | 'ip' | 'userAgent'>

const KEPT_ENDED = 1000

/** The sessions of one OTT listener, those that ended lately included. */
export class Sessions {
  private readonly live = new Map<string, SessionInfo>()
  private ended: SessionInfo[] = []

  open(id: string, session: NewSession): SessionInfo {
    const now = Date.now()
    const info: SessionInfo = { id, ...session, createdAt: now, lastSeenAt: now }
    this.live.set(id, info)
    return info
  }

  get(id: string): SessionInfo | undefined {
    return this.live.get(id)
  }

  end(id: string, reason: SessionEndReason): void {
    const info = this.live.get(id)
    if (!info) return
    this.live.delete(id)
    this.ended.push(Object.assign(info, { endedAt: Date.now(), endReason: reason }))
    if (this.ended.length > KEPT_ENDED) this.ended = this.ended.slice(-KEPT_ENDED)
  }

  list(): SessionInfo[] {
    return [...this.live.values()]
  }

  listEnded(): SessionInfo[] {
    return [...this.ended]
  }
}

/** Session ids are unguessable (WHEP draft, security considerations). */
export function newSessionId(): string {
  return randomUUID()
}
