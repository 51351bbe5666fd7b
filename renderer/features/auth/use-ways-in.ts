import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { strangerDesk } from '../../app/client.ts'
import { keys } from '../../app/queries.ts'

/** Which ways in this desk offers a stranger; passwords until the desk has said otherwise. */
export function useWaysIn() {
  const options = useQuery({
    queryKey: keys.waysIn,
    queryFn: ({ signal }) => strangerDesk.auth.options(undefined, { signal }),
  })
  return {
    hasSso: computed(() => options.data.value?.sso === true),
    /** Whether a sign-in here can outlive the application, and if not why; null in a browser. */
    keep: computed(() => options.data.value?.keep ?? null),
    takesPasswords: computed(() => options.data.value?.passwords !== false),
  }
}
