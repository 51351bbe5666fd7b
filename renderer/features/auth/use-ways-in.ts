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
    /** This page came by http:// although the desk expects https://: nobody could stay signed in on it. */
    lacksHttps: computed(() => options.data.value?.https === true && isPlainHttp(location)),
    takesPasswords: computed(() => options.data.value?.passwords !== false),
  }
}

/** Browsers keep secure cookies of their own machine without TLS, too (Secure Contexts, section 3.1). */
function isPlainHttp({ protocol, hostname }: Location): boolean {
  return protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}
