import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import type { Wall } from '../../../shared/contract/live.ts'
import { desk } from '../../app/client.ts'
import { keys, viewListQuery } from '../../app/queries.ts'
import { queryClient } from '../../app/query-client.ts'
import { inOrderOfDigits } from './view-order.ts'

/** The saved views of the person and of their groups, in the order of the digits that call them. */
export function useViews() {
  const answer = useQuery(viewListQuery())
  const views = computed(() => inOrderOfDigits(answer.data.value?.items ?? []))

  function reread(): Promise<void> {
    return queryClient.invalidateQueries({ queryKey: keys.views })
  }

  return {
    views,
    failure: answer.error,
    save: async (name: string, groupId: string | null, { layout, tiles }: Wall): Promise<void> => {
      await desk.views.create({ name, groupId, layout, tiles })
      await reread()
    },
    rename: async (id: string, name: string): Promise<void> => {
      await desk.views.update({ id, name })
      await reread()
    },
    replace: async (id: string, { layout, tiles }: Wall): Promise<void> => {
      await desk.views.update({ id, wall: { layout, tiles } })
      await reread()
    },
    remove: async (id: string): Promise<void> => {
      await desk.views.remove({ id })
      await reread()
    },
  }
}
