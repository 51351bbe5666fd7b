import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import type { Ref } from 'vue'
import type { Pickable } from './pickable.ts'

const pageSize = 100

interface Page {
  readonly items: readonly Pickable[]
  readonly total: number
}
interface PageQuestion {
  readonly search: string
  readonly page: number
  readonly pageSize: number
}

/** A list of the desk to pick from, read on as one scrolls. `taken` holds the ids that are in the group already. */
export function usePickPages(options: {
  readonly key: readonly string[]
  readonly words: Readonly<Ref<string>>
  readonly enabled: Readonly<Ref<boolean>>
  readonly taken: () => ReadonlySet<string>
  readonly read: (
    question: PageQuestion,
    signal: AbortSignal,
  ) => Promise<{ items: Omit<Pickable, 'taken'>[]; total: number }>
}) {
  const list = useInfiniteQuery({
    queryKey: computed(() => [...options.key, 'to pick', options.words.value.trim()]),
    queryFn: ({ pageParam, signal }) =>
      options.read({ search: options.words.value.trim(), page: pageParam, pageSize }, signal),
    initialPageParam: 1,
    getNextPageParam: (last, pages) => (pages.length * pageSize < last.total ? pages.length + 1 : undefined),
    placeholderData: (previous) => previous,
    enabled: options.enabled,
    staleTime: 5_000,
  })
  const page = computed<Page | undefined>(() => {
    const pages = list.data.value?.pages
    if (!pages) return undefined
    const taken = options.taken()
    const items = pages.flatMap(({ items }) => items).map((item) => ({ ...item, taken: taken.has(item.id) }))
    return { items, total: pages[0]?.total ?? 0 }
  })

  async function loadAll(): Promise<readonly Pickable[]> {
    while (list.hasNextPage.value) {
      const { isError } = await list.fetchNextPage()
      if (isError) break
    }
    return page.value?.items ?? []
  }

  function more(): void {
    if (list.hasNextPage.value && !list.isFetching.value) void list.fetchNextPage()
  }

  return {
    rows: computed(() => page.value?.items),
    total: computed(() => page.value?.total),
    failure: list.error,
    retry: () => void list.refetch(),
    more,
    loadAll,
  }
}
