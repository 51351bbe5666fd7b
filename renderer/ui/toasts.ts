import { readonly, ref } from 'vue'

export interface Toast {
  readonly id: number
  readonly kind: 'done' | 'failed'
  readonly text: string
}

const shownForMs = 6_000
/** A failure stays longer: its sentence says what to do. */
const failureShownForMs = 15_000
const list = ref<Toast[]>([])
let lastId = 0

/** What is shown now, oldest first. */
export const toasts = readonly(list)

/** Tells the result of something that happened in the background. */
export function showToast(kind: Toast['kind'], text: string): void {
  const id = (lastId += 1)
  list.value = [...list.value, { id, kind, text }].slice(-4)
  setTimeout(() => dismissToast(id), kind === 'failed' ? failureShownForMs : shownForMs)
}

/** Takes a toast away. */
export function dismissToast(id: number): void {
  list.value = list.value.filter((toast) => toast.id !== id)
}

/** Takes every toast away: what was said to one person is not for the next. */
export function dismissToasts(): void {
  list.value = []
}
