import { z } from 'zod'
import { isOneLine } from '../domain/one-line.ts'

/** A name of spaces without width could neither be read nor clicked. */
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u

/** What a person calls something: 1 to 100 characters on one line. `missing` is said where there is none. */
export function nameSchema(missing: string) {
  return z
    .string()
    .trim()
    .min(1, missing)
    .refine((name) => visible.test(name), missing)
    .max(100, 'A name has at most 100 characters.')
    .refine(isOneLine, 'A name is one line, without control characters.')
}
