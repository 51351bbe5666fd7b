import type { CameraStanding } from '../../shared/contract/cameras.ts'
import type { Access } from '../access/module.ts'
import type { Core, Module } from '../module.ts'
import type { Servers } from '../servers/module.ts'
import { CameraStatusRegistry } from './camera-status-registry.ts'
import { PendingOperations } from './pending-operations.ts'
import { camerasProcedures } from './procedures.ts'
import { RecordingWatch } from './recording-watch.ts'
import type { RecordingTimes } from './recording-watch.ts'
import { CamerasService } from './service.ts'
import { openCameraTopics } from './stream-topics.ts'
import { camerasWorker } from './worker.ts'

declare module '../platform/bus.ts' {
  interface Facts {
    'camera.added': { cameraId: string; serverId: string }
    'camera.changed': { cameraId: string; serverId: string; standing: CameraStanding }
    'camera.removed': { cameraId: string; serverId: string }
  }
}

export interface CamerasUses extends Pick<Servers, 'registry'>, Pick<Access, 'policy'> {
  /** How often servers are asked what they record, for tests alone. */
  readonly recordingTimes: RecordingTimes | undefined
}

/** Cameras: receivers that were imported, their status, their recording, and what is still to be done on Alta for them. */
export function openCameras(core: Core, { registry, policy, recordingTimes }: CamerasUses): Module {
  const { store, jobs, bus, clock, deskId } = core
  const logger = core.logger.for('cameras')
  const statuses = new CameraStatusRegistry({ registry, bus, clock })
  const operations = new PendingOperations({ store, jobs, registry, statuses, bus, deskId, logger })
  const options = { store, registry, statuses, operations, policy, bus, clock, deskId, logger }
  const cameras = new CamerasService(options)
  openCameraTopics({ ...core, policy })
  return {
    procedures: { cameras: camerasProcedures(cameras) },
    resources: {
      camera: {
        nameOf: (id) => cameras.nameOf(id),
        roleFor: (caller, id) => policy.cameraRole(caller, id),
        hadJustNow: (caller, id, needed) => policy.hadJustNow(caller, 'camera', id, needed),
        operatorsOnly: 'Only operators of this camera may do this.',
      },
    },
    services: [
      camerasWorker({ store, registry, statuses, operations, bus }),
      new RecordingWatch({ registry, statuses, clock, times: recordingTimes, logger }),
    ],
  }
}
