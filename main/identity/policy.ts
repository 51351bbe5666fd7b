import type { Caller } from './request-context.ts'

/** The cameras a person may see: all of them, or exactly these. */
export type VisibleCameras = 'all' | ReadonlySet<string>

const noCameras: ReadonlySet<string> = new Set()

/**
 * Who may see what, decided in this one place. Administrators see every camera; other people see those of their
 * groups, of which there are none yet.
 */
export class Policy {
  /** Lists, counts, searches and streams hold nothing outside this set. */
  visibleCameras(caller: Caller): VisibleCameras {
    return caller.admin ? 'all' : noCameras
  }

  canSeeCamera(caller: Caller, cameraId: string): boolean {
    const visible = this.visibleCameras(caller)
    return visible === 'all' || visible.has(cameraId)
  }
}
