import type { Component } from 'vue'
import type { ShownState } from '../../ui/state-looks.ts'

/** Something the search of the top bar can lead to. */
export interface Found {
  readonly id: string
  readonly label: string
  /** What it is, in a word or two, as it stands beside the label. */
  readonly kind: string
  readonly icon: Component
  readonly state?: ShownState
  /** What else it is found by, such as an e-mail address. */
  readonly alias?: string
  readonly run: () => void
}

/** Whether `typed` is a part of the label or alias, in any case. */
export function isFitting({ label, alias = '' }: Pick<Found, 'label' | 'alias'>, typed: string): boolean {
  const wanted = typed.trim().toLowerCase()
  return `${label}\n${alias}`.toLowerCase().includes(wanted)
}

/** What begins with the text comes first; otherwise the order stays. Enter then opens what was most likely meant. */
export function inOrderOfFit<Item extends Pick<Found, 'label'>>(
  found: readonly Item[],
  typed: string,
): Item[] {
  const wanted = typed.trim().toLowerCase()
  if (wanted === '') return [...found]
  const begins = (item: Item): boolean => item.label.toLowerCase().startsWith(wanted)
  return [...found.filter(begins), ...found.filter((item) => !begins(item))]
}
