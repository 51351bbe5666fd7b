import type { QueryClient, QueryKey } from '@tanstack/vue-query'

const readOnceMore = new WeakSet<object>()

/**
 * Reads again what is shown of these queries; of all without `queryKey`. TanStack Query drops that for a query that is being read
 * for the first time (`Query.fetch` answers with the read under way), but its answer may be from before what the desk says
 * now: such a query is read once more when its first answer has come.
 */
export function readAgain(client: QueryClient, queryKey?: QueryKey): void {
  const filters = queryKey ? { queryKey } : {}
  for (const query of client.getQueryCache().findAll({ ...filters, fetchStatus: 'fetching' })) {
    if (query.state.data !== undefined || readOnceMore.has(query)) continue
    readOnceMore.add(query)
    const read = (): void => {
      readOnceMore.delete(query)
      void client.invalidateQueries({ queryKey: query.queryKey, exact: true })
    }
    // After a failure too: by now it may be answered.
    void query.promise?.then(read, read)
  }
  void client.invalidateQueries(filters)
}
