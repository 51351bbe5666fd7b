import type { Camera, CameraStanding } from '../../shared/contract/cameras.ts'
import type { CameraStatus, VariantStatus } from '../../shared/domain/statuses.ts'

/** What a person is told who may watch a camera, but may not know its server. */
const memberReasons: Readonly<Record<CameraStatus, string>> = {
  online: 'Streams normally.',
  degraded: 'There is no usable picture from the camera.',
  offline: 'The camera cannot be reached.',
  provisioning: 'Waiting for the first picture.',
}
const memberVariantReasons: Readonly<Record<VariantStatus, string>> = {
  online: 'Streams normally.',
  degraded: 'No video from the camera.',
  offline: 'The camera cannot be reached.',
  unknown: 'It is not known whether the camera sends new pictures.',
}

function memberReason({ status, serverResponding, variants }: CameraStanding): string {
  if (!serverResponding) return 'The server does not respond.'
  const subPlays =
    (status === 'degraded' || status === 'offline') && variants.some((variant) => variant.status === 'online')
  return subPlays ? 'Only the sub stream has a picture.' : memberReasons[status]
}

/** The same without the sentences of the desk, which name servers, receivers and channels. */
export function memberStanding(standing: CameraStanding): Pick<CameraStanding, 'statusReason' | 'variants'> {
  return {
    statusReason: memberReason(standing),
    variants: standing.variants.map((variant) => ({
      ...variant,
      statusReason: memberVariantReasons[variant.status],
    })),
  }
}

/**
 * A camera without what tells of its server: names, receivers and storages are for administrators. The server's id stays,
 * by which a wall knows which tiles fail together; whether there is a sub stream stays, too.
 */
export function withoutServer(camera: Camera): Camera {
  const { streams, storage } = camera
  return {
    ...camera,
    ...memberStanding(camera),
    serverName: '',
    receiverId: '',
    storage: storage && { ...storage, storageId: '' },
    streams: { main: '', sub: streams.sub === null ? null : '' },
  }
}
