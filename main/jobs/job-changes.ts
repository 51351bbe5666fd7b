import type { Change } from '../store/change-feed.ts'

declare module '../store/change-feed.ts' {
  interface Changes {
    /** Jobs of this kind were queued, or may run earlier. */
    readonly 'jobs.queued': { readonly kind: string }
    readonly 'job.cancel-requested': { readonly id: string }
  }
}

/** What a write declares that has queued jobs of a kind. */
export function jobsQueued(kind: string): Change {
  return { name: 'jobs.queued', data: { kind } }
}

/** What a write declares that asked for the end of a job (`JobQueue.cancel`). */
export function jobCancelRequested(id: string): Change {
  return { name: 'job.cancel-requested', data: { id } }
}
