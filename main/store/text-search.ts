import type { SqliteConnection } from './connection.ts'

/** A search for a part of a text, without regard to case: the condition on a column, and the value it takes. */
export interface TextSearch {
  readonly on: (column: string) => string
  readonly value: string
}

/**
 * SQLite's LIKE knows the case of a to z alone; whoever looks for something else is served by a function of ours, which
 * is slower. `%` and `_` stand for themselves.
 */
export function textSearch(text: string): TextSearch {
  if (/^\p{ASCII}*$/u.test(text)) {
    const value = `%${text.replace(/[\\%_]/g, (character) => `\\${character}`)}%`
    return { on: (column) => `${column} like ? escape '\\'`, value }
  }
  return { on: (column) => `holds_text(${column}, ?)`, value: foldedText(text) }
}

/** Gives a connection `holds_text(text, folded)`. */
export function offerTextSearch(connection: SqliteConnection): void {
  connection.function('holds_text', { deterministic: true }, (text: unknown, folding: unknown) =>
    typeof text === 'string' && foldedText(text).includes(String(folding)) ? 1 : 0,
  )
}

/** What `holds_text(column, ?)` looks for: the same text in any case, and however its accents are written. */
export function foldedText(text: string): string {
  return text.normalize('NFC').toLowerCase()
}
