import { onScopeDispose, shallowRef, watch } from 'vue'
import type { Ref, ShallowRef } from 'vue'

/** The value of `source` once it has not changed for `quietMs`: a search asks the desk once, not once a key. */
export function useSettled<T>(source: Ref<T>, quietMs: number): Readonly<ShallowRef<T>> {
  const settled = shallowRef(source.value)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(source, (value) => {
    clearTimeout(timer)
    timer = setTimeout(() => (settled.value = value), quietMs)
  })
  onScopeDispose(() => clearTimeout(timer))
  return settled
}
