import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** Where one is in a list, kept in the address: a reload, a bookmark or the way back finds the same rows. */
export function useListPlace<Sort extends string>(sorts: readonly [Sort, ...Sort[]]) {
  const route = useRoute()
  const router = useRouter()

  function read(name: string): string {
    const value = route.query[name]
    return typeof value === 'string' ? value : ''
  }

  function write(changes: Record<string, string | number>): void {
    const query = Object.fromEntries(
      Object.entries({ ...route.query, ...changes }).filter(
        ([, value]) => value !== '' && value !== undefined,
      ),
    )
    void router.replace({ query })
  }

  return {
    search: computed({ get: () => read('search'), set: (search) => write({ search, page: '' }) }),
    /** Other narrowings of the list, by their names in the address; they change together. */
    filters: <Name extends string>(names: readonly Name[]) =>
      computed({
        get: () => Object.fromEntries(names.map((name) => [name, read(name)])) as Record<Name, string>,
        set: (values: Record<Name, string>) => write({ ...values, page: '' }),
      }),
    page: computed({ get: () => Math.max(1, Number(read('page')) || 1), set: (page) => write({ page }) }),
    pageSize: computed({
      get: () => Number(read('pageSize')) || 25,
      set: (pageSize) => write({ pageSize, page: '' }),
    }),
    sort: computed<Sort>({
      get: () => sorts.find((sort) => sort === read('sort')) ?? sorts[0],
      set: (sort) => write({ sort, page: '' }),
    }),
  }
}
