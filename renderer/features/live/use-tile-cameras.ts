import { useQueries } from '@tanstack/vue-query'
import { computed } from 'vue'
import type { Ref } from 'vue'
import type { Camera } from '../../../shared/contract/cameras.ts'
import { isClosed } from '../../app/closed-cameras.ts'
import { cameraQuery } from '../../app/queries.ts'
import { failureCode } from '../../ui/failures.ts'

/** What the desk tells of one camera on the wall: it, `missing` when it is gone or not mine to see, or null so far. */
export type TileCameraAnswer = Camera | 'missing' | null

/** The cameras on the wall by id. */
export function useTileCameras(tiles: Readonly<Ref<readonly (string | null)[]>>) {
  const ids = computed(() => [...new Set(tiles.value.filter((id) => id !== null))])
  const answers = useQueries({ queries: computed(() => ids.value.map((id) => cameraQuery(id))) })
  return computed(() => {
    const cameras = new Map<string, TileCameraAnswer>()
    for (const [index, id] of ids.value.entries()) {
      const answer = answers.value[index]
      const refused = failureCode(answer?.error ?? null) === 'NOT_FOUND'
      cameras.set(id, refused || isClosed(id) ? 'missing' : (answer?.data ?? null))
    }
    return cameras
  })
}
