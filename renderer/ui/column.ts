/** A column of a data table. */
export interface Column {
  readonly id: string
  readonly label: string
  /** What the list is asked to sort by; without it the column does not sort. */
  readonly sortKey?: string
  /** Tailwind classes of the width. */
  readonly width?: string
  /** The label is there for screen readers only. */
  readonly hiddenLabel?: boolean
}
