interface OrderedView {
  readonly id: string
  readonly name: string
  readonly groupId: string | null
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** One's own views first, then those of groups, each by name, numbers in names as numbers. */
export function inOrderOfNames<View extends OrderedView>(views: readonly View[]): View[] {
  const rank = (view: View): number => (view.groupId === null ? 0 : 1)
  return views.toSorted(
    (a, b) => rank(a) - rank(b) || byName.compare(a.name, b.name) || (a.id < b.id ? -1 : 1),
  )
}
