import type { Component } from 'vue'

/** Something a person can do, as menus, key lists and the search show it. */
export interface Action {
  readonly id: string
  readonly label: string
  readonly icon?: Component
  /** The key that does it, as printed on the keyboard. */
  readonly key?: string
  readonly disabled?: boolean
  /** Asks for care: drawn in red. */
  readonly danger?: boolean
  /** A line above it sets it apart. */
  readonly separated?: boolean
  readonly run: () => void
}
