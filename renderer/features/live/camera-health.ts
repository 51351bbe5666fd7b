import type { Camera } from '../../../shared/contract/cameras.ts'
import { isSourceLost } from '../../../shared/domain/statuses.ts'
import type { VariantName } from '../../../shared/domain/statuses.ts'
import { pageTimeOf } from '../../app/ticking-clock.ts'
import type { CameraHealth } from '../../player/player-types.ts'

/** A camera on the wall; `isCurrent` is false while what is known of it may be out of date: the desk was not heard. */
export interface WallCamera extends Camera {
  readonly isCurrent: boolean
}

/** What the player is told of a camera's streams: nothing that may be out of date is called live. */
export function healthOf({
  variants,
  isCurrent,
  serverResponding,
}: Pick<WallCamera, 'variants' | 'isCurrent' | 'serverResponding'>): CameraHealth {
  const told = (name: VariantName): CameraHealth[VariantName] => {
    const variant = variants.find((candidate) => candidate.name === name)
    if (!variant) return null
    const { status, statusSinceAt } = variant
    const living = status === 'online' && isCurrent ? 'live' : 'unknown'
    return {
      state: isSourceLost(status) ? 'lost' : living,
      sinceAt: pageTimeOf(statusSinceAt),
      isCurrent: isCurrent && serverResponding,
    }
  }
  return { main: told('main'), sub: told('sub') }
}
