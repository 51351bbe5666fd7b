import type { LiveAnswer, LiveSource } from '../../shared/contract/live.ts'

/** `live.openMany` takes at most so many ids. */
const MAX_IDS = 100

interface Request {
  readonly cameraId: string
  readonly resolve: (sources: LiveSource[]) => void
  readonly reject: (error: unknown) => void
}

/** Collects the requests for tickets of one moment into one call. Tickets are never kept: each attempt gets a fresh one. */
export class TicketDesk {
  private readonly openTickets: (cameraIds: string[]) => Promise<LiveAnswer>
  private requests: Request[] = []

  constructor(openTickets: (cameraIds: string[]) => Promise<LiveAnswer>) {
    this.openTickets = openTickets
  }

  /** The sources of a camera, best first; empty when the desk left it out. Rejects when the desk did not answer. */
  open(cameraId: string): Promise<LiveSource[]> {
    return new Promise((resolve, reject) => {
      this.requests.push({ cameraId, resolve, reject })
      if (this.requests.length === 1) queueMicrotask(() => this.send())
    })
  }

  private send(): void {
    const requests = this.requests
    this.requests = []
    const ids = [...new Set(requests.map(({ cameraId }) => cameraId))]
    for (let start = 0; start < ids.length; start += MAX_IDS) {
      const chunk = ids.slice(start, start + MAX_IDS)
      void this.ask(
        chunk,
        requests.filter(({ cameraId }) => chunk.includes(cameraId)),
      )
    }
  }

  private async ask(ids: string[], requests: Request[]): Promise<void> {
    try {
      const { sources } = await this.openTickets(ids)
      for (const { cameraId, resolve } of requests)
        resolve(sources.filter((source) => source.cameraId === cameraId))
    } catch (error) {
      for (const { reject } of requests) reject(error)
    }
  }
}
