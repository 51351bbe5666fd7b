import type { CameraStanding } from '../../shared/contract/cameras.ts'
import type { Policy } from '../access/policy.ts'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { StreamHub } from '../stream/stream-hub.ts'
import { memberStanding } from './member-view.ts'

interface CameraTopicsOptions {
  readonly hub: StreamHub
  readonly bus: Bus
  readonly clock: Clock
  readonly policy: Policy
}

/** Tells of a camera whom may see it: of its status the latest, and that it was added or removed. */
export function openCameraTopics({ hub, bus, clock, policy }: CameraTopicsOptions): void {
  const cameras = hub.register({
    name: 'camera.changed',
    audience: (caller, cameraId: string) => policy.canSeeCamera(caller, cameraId),
    latestOf: ({ change, cameraId }) => (change === 'changed' ? cameraId : null),
    kept: 1_000,
    // Why a camera has its status names servers and receivers, which are for administrators.
    forMembers: (message) =>
      message.statusReason === '' ? message : { ...message, ...memberStanding(message) },
  })
  const tell = (
    cameraId: string,
    serverId: string,
    change: 'added' | 'changed' | 'removed',
    standing: CameraStanding,
  ): void =>
    cameras.publish(
      { type: 'camera.changed', at: clock.now(), cameraId, serverId, change, ...standing },
      cameraId,
    )
  const unjudged = (status: 'provisioning' | 'offline'): CameraStanding => ({
    status,
    statusReason: '',
    statusSinceAt: clock.now(),
    serverResponding: true,
    variants: [],
    recordingState: 'unknown',
    recordingReason: '',
  })
  bus.subscribe('camera.added', ({ cameraId, serverId }) =>
    tell(cameraId, serverId, 'added', unjudged('provisioning')),
  )
  bus.subscribe('camera.changed', ({ cameraId, serverId, standing }) =>
    tell(cameraId, serverId, 'changed', standing),
  )
  bus.subscribe('camera.removed', ({ cameraId, serverId }) =>
    tell(cameraId, serverId, 'removed', unjudged('offline')),
  )
}
