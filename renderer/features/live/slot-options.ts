import type { View } from '../../../shared/contract/views.ts'

/** The digits to choose from for a view, each with the view that is on it now; `of` is the view itself. */
export function slotOptions(views: readonly View[], of: string | null): { value: string; label: string }[] {
  const taken = new Map(
    views.flatMap(({ id, slot, name }) => (slot === null || id === of ? [] : [[slot, name]])),
  )
  const digits = Array.from({ length: 9 }, (_, index) => index + 1)
  return [
    { value: '', label: 'None' },
    ...digits.map((slot) => {
      const name = taken.get(slot)
      return {
        value: String(slot),
        label: name === undefined ? String(slot) : `${slot} (now ${String(name)})`,
      }
    }),
  ]
}

/** The first digit that no view is on, as a choice; empty where all are taken. */
export function firstFreeSlot(views: readonly View[]): string {
  const taken = new Set(views.map(({ slot }) => slot))
  const free = Array.from({ length: 9 }, (_, index) => index + 1).find((slot) => !taken.has(slot))
  return free === undefined ? '' : String(free)
}

/** The digit of a choice; null for none. */
export function slotOf(choice: string): number | null {
  return choice === '' ? null : Number(choice)
}
