import { useQueries } from '@tanstack/vue-query'
import { computed } from 'vue'
import type { Ref } from 'vue'
import { isClosed } from '../../app/closed-cameras.ts'
import { isCurrent } from '../../app/desk-feed.ts'
import { cameraQuery } from '../../app/queries.ts'
import { failureCode } from '../../ui/failures.ts'
import type { WallCamera } from './camera-health.ts'

/** What the desk tells of one camera on the wall: it, `missing` when it is gone or not mine to see, or null so far. */
export type TileCameraAnswer = WallCamera | 'missing' | null

/** The cameras on the wall by id. */
export function useTileCameras(tiles: Readonly<Ref<readonly (string | null)[]>>) {
  const ids = computed(() => [...new Set(tiles.value.filter((id) => id !== null))])
  const answers = useQueries({ queries: computed(() => ids.value.map((id) => cameraQuery(id))) })
  return computed(() => {
    const cameras = new Map<string, TileCameraAnswer>()
    for (const [index, id] of ids.value.entries()) {
      const answer = answers.value[index]
      const refused = failureCode(answer?.error ?? null) === 'NOT_FOUND'
      const camera = answer?.data && { ...answer.data, isCurrent: isCurrent(answer.dataUpdatedAt) }
      cameras.set(id, refused || isClosed(id) ? 'missing' : (camera ?? null))
    }
    return cameras
  })
}
