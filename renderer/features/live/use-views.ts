import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import type { Wall } from '../../../shared/contract/live.ts'
import type { View } from '../../../shared/contract/views.ts'
import { desk } from '../../app/client.ts'
import { keys, viewListQuery } from '../../app/queries.ts'
import { queryClient } from '../../app/query-client.ts'
import { inOrderOfNames } from '../../../shared/domain/view-order.ts'

/** What a person says of a view that they save. */
export interface NewView {
  readonly name: string
  /** Null for themselves. */
  readonly groupId: string | null
  /** The digit to put it on; null for none. */
  readonly slot: number | null
}

/** The saved views of the person and of their groups: those on digits in the order of these, then the others by name. */
export function useViews() {
  const answer = useQuery(viewListQuery())
  const views = computed(() => {
    const ordered = inOrderOfNames(answer.data.value?.items ?? [])
    const place = ({ slot }: View): number => slot ?? Infinity
    return ordered.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
  })

  function reread(): Promise<void> {
    return queryClient.invalidateQueries({ queryKey: keys.views })
  }

  return {
    views,
    failure: answer.error,
    save: async (view: NewView, { layout, tiles }: Wall): Promise<void> => {
      await desk.views.create({ ...view, layout, tiles })
      await reread()
    },
    rename: async (id: string, name: string): Promise<void> => {
      await desk.views.update({ id, name })
      await reread()
    },
    /** Overwrites a view with a wall; answers how that is undone. */
    replace: async (id: string, { layout, tiles }: Wall): Promise<() => Promise<void>> => {
      const { savedAt } = await desk.views.update({ id, wall: { layout, tiles } })
      await reread()
      return async () => {
        await desk.views.restore({ id, savedAt })
        await reread()
      }
    },
    /** Puts a view on a digit, or with null on none; another view that was on it is on none then. */
    assign: async (id: string, slot: number | null): Promise<void> => {
      await desk.views.setSlot({ id, slot })
      await reread()
    },
    remove: async (id: string): Promise<void> => {
      await desk.views.remove({ id })
      await reread()
    },
  }
}
