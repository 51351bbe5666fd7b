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
    resources: { camera: (id) => cameras.nameOf(id) },
    services: [
      camerasWorker({ store, registry, statuses, operations, bus }),
      new RecordingWatch({ registry, statuses, clock, times: recordingTimes, logger }),
    ],
  }
}
