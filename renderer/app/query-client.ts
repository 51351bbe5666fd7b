import { ORPCError } from '@orpc/client'
import { QueryClient } from '@tanstack/vue-query'

const retries = 2

/** What the desk refused will be refused again; only silence and trouble of its own are worth another try. */
function retry(failureCount: number, error: Error): boolean {
  if (error instanceof ORPCError && error.status < 500) return false
  return failureCount < retries
}

/** Server data of the whole page. Changes arrive on `events.stream`, so nothing is read again just because time passed. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 30_000, retry, refetchOnWindowFocus: false },
    mutations: { retry: false },
  },
})
