import { readonly, ref } from 'vue'

/** What a toast offers to do about what it says, by its button or by a key of the page. */
interface ToastAction {
  readonly label: string
  /** Keys that do the same, for the eye alone. */
  readonly hint: string
  readonly run: () => void
  /** How long it is offered, ms; the toast is shown as long. */
  readonly forMs: number
}

export interface Toast {
  readonly id: number
  readonly kind: 'done' | 'failed'
  readonly text: string
  readonly action: ToastAction | null
}

const shownForMs = 6_000
/** A failure stays longer: its sentence says what to do. */
const failureShownForMs = 15_000
const list = ref<Toast[]>([])
let lastId = 0

/** What is shown now, oldest first. */
export const toasts = readonly(list)

/** Tells the result of something that happened in the background; answers the number by which it is taken away. */
export function showToast(kind: Toast['kind'], text: string, action: ToastAction | null = null): number {
  const id = (lastId += 1)
  list.value = [...list.value, { id, kind, text, action }].slice(-4)
  const forMs = action?.forMs ?? (kind === 'failed' ? failureShownForMs : shownForMs)
  setTimeout(() => dismissToast(id), forMs)
  return id
}

/** Takes a toast away. */
export function dismissToast(id: number): void {
  list.value = list.value.filter((toast) => toast.id !== id)
}

/** Takes every toast away: what was said to one person is not for the next. */
export function dismissToasts(): void {
  list.value = []
}
