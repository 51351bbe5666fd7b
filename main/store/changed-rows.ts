/**
 * How many rows an update or a delete changed, given what its promise answered: what engines answer differs, and so has
 * one name here.
 */
export function changedRows(answer: unknown): number {
  return (answer as { readonly changes: number }).changes
}
