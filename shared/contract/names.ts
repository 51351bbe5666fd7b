import { z } from 'zod'
import { isOneLine } from '../domain/one-line.ts'

/** What a person calls something: 1 to 100 characters on one line. `missing` is said where there is none. */
export function nameSchema(missing: string) {
  return z
    .string()
    .trim()
    .min(1, missing)
    .max(100, 'A name has at most 100 characters.')
    .refine(isOneLine, 'A name is one line, without control characters.')
}
