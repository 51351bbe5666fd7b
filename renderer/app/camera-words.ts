import type { Camera } from '../../shared/contract/cameras.ts'

/**
 * Why a camera's status is what is shown. `isCurrent`: false while what the page knows may be out of date; the status is then
 * shown as unknown, and the last reason would contradict it.
 */
export function shownReason({ statusReason }: Pick<Camera, 'statusReason'>, isCurrent: boolean): string {
  return isCurrent ? statusReason : 'Waiting for the desk: the last known status may be out of date.'
}
