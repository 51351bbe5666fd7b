/** The states of a camera, best first (Alta VMS user guide, "Cameras"). */
export const cameraStatuses = ['online', 'degraded', 'offline', 'provisioning'] as const
export type CameraStatus = (typeof cameraStatuses)[number]

/** The streams of a camera: the main one, and a smaller one for small tiles. */
export const variantNames = ['main', 'sub'] as const
export type VariantName = (typeof variantNames)[number]

/**
 * What is known of the source behind one stream: `online` delivers new pictures; `degraded` delivers none; `offline`
 * cannot be reached, or is disabled or deleted on Alta; `unknown` where Alta does not tell, or does not respond.
 */
export const variantStatuses = ['online', 'degraded', 'offline', 'unknown'] as const
export type VariantStatus = (typeof variantStatuses)[number]

/** True where a picture of this stream is known to be old: Alta repeats the last frame of a source that has stopped. */
export function isSourceLost(status: VariantStatus): boolean {
  return status === 'degraded' || status === 'offline'
}

/**
 * Whether a camera is being recorded at this moment: `off` where it has no storage, `stopped` where it should be and is not,
 * `unknown` where its server does not tell.
 */
export const recordingStates = ['on', 'off', 'stopped', 'unknown'] as const
export type RecordingState = (typeof recordingStates)[number]

/** The states of a server (Alta VMS user guide, "Connect an Alta server"). */
export const serverStates = ['healthy', 'unavailable', 'drift'] as const
export type ServerState = (typeof serverStates)[number]
