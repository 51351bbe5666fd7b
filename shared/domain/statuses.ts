/** The states of a camera, best first (Alta VMS user guide, "Cameras"). */
export const cameraStatuses = ['online', 'degraded', 'offline', 'provisioning'] as const
export type CameraStatus = (typeof cameraStatuses)[number]

/** The states of a server (Alta VMS user guide, "Connect an Alta server"). */
export const serverStates = ['healthy', 'unavailable', 'drift'] as const
export type ServerState = (typeof serverStates)[number]
