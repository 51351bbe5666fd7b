import type { Camera } from '../../shared/contract/cameras.ts'
import type { CameraStatus } from '../../shared/domain/statuses.ts'

/** What a person is told who may watch a camera, but may not know its server. */
const memberReasons: Readonly<Record<CameraStatus, string>> = {
  online: 'Streams normally.',
  degraded: 'There is no usable picture from the camera.',
  offline: 'The camera cannot be reached.',
  provisioning: 'Waiting for the first picture.',
}

/** The sentence for people who are not administrators: ours name servers, receivers and channels. */
export function memberReason(status: CameraStatus): string {
  return memberReasons[status]
}

/**
 * A camera without what tells of its server: names, receivers and storages are for administrators. The server's id stays,
 * by which a wall knows which tiles fail together; whether there is a sub stream stays, too.
 */
export function withoutServer(camera: Camera): Camera {
  const { streams, storage } = camera
  return {
    ...camera,
    serverName: '',
    receiverId: '',
    statusReason: memberReason(camera.status),
    storage: storage && { ...storage, storageId: '' },
    streams: { main: '', sub: streams.sub === null ? null : '' },
  }
}
